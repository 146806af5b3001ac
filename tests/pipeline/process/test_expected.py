"""What is said of the processes that should run on a machine."""

import time
from pathlib import Path
from typing import Any

import pytest

from config.settings import Alerts, Connectors, Settings, Status
from pipeline.process.expected import faults


def settings(folder: Path, feeds: str = "", alerts: str = "", **given: Any) -> Settings:
    """Settings with these feeds and alerts."""
    (folder / "feeds.toml").write_text(feeds)
    (folder / "alerts.toml").write_text(alerts)
    return Settings(
        connectors=Connectors(feeds_file=folder / "feeds.toml"),
        alerts=Alerts(file=folder / "alerts.toml"),
        **given,
    )


def process(kind: str, **values: Any) -> dict[str, Any]:
    """The status of a process that has just written it."""
    return {"kind": kind, "pid": 7, "at": time.time(), **values}


FEED = '[feeds.a]\nsource = "directory"\npath = "/a"\nformat = "nitf"\n'
ALERT = '[alerts.a]\nq = "x"\ntopic = true\n'


def test_every_process_with_work_is_missed(tmp_path: Path) -> None:
    """Dead connectors are no healthy pipeline; without feeds or alerts nobody misses theirs."""
    (worker,) = faults(settings(tmp_path), [])
    assert "newswire worker" in worker
    found = faults(settings(tmp_path, FEED, ALERT), [process("worker")])
    assert [fault.split()[1] for fault in found] == ["connectors", "alerts"]
    off = FEED + "enabled = false\n"
    assert faults(settings(tmp_path, off), [process("worker")]) == []
    everything = [process(kind) for kind in ("connectors", "worker", "alerts")]
    assert faults(settings(tmp_path, FEED, ALERT), everything) == []


def test_a_machine_expects_what_its_settings_say(tmp_path: Path) -> None:
    """Where connectors run elsewhere, only what should be here is missed."""
    here = settings(tmp_path, FEED, ALERT, status=Status(processes=("worker",)))
    assert faults(here, [process("worker")]) == []


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"at": time.time() - 3600}, "it hangs"),
        ({"waiting": {"index": "closed"}}, "waits for index: closed"),
        ({"set_aside": {"ap:1": "HTTP 400: odd"}}, "ap:1 is set aside"),
        ({"feeds": {"hook": {"lost_at": "2026-03-01"}}}, "Kafka lost stories that were pushed"),
    ],
)
def test_a_process_that_runs_may_be_ill(tmp_path: Path, values: dict[str, Any], says: str) -> None:
    """One that hangs, waits, has a refused story or can't bring back lost ones is named."""
    (fault,) = faults(settings(tmp_path), [process("worker", **values)])
    assert says in fault


def test_workers_with_different_models_are_reported(tmp_path: Path) -> None:
    """Which worker has which list; the same list everywhere is no fault."""
    other = {**process("worker", models=[["de x 3.8.0", "en y 3.8.0"]]), "pid": 8}
    same = [process("worker", models=[["en y 3.8.0"]]), process("alerts")]
    assert not any("models" in fault for fault in faults(settings(tmp_path), same))
    [told] = faults(settings(tmp_path), [*same, other])
    assert "worker 7: en y 3.8.0; worker 8: de x 3.8.0, en y 3.8.0" in told
