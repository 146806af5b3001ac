"""`newswire alerts test`: each receiver gets one delivery that tells of no story."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newswire.alerts import app
from newswire.servers.process import free_port
from pipeline.alerts.webhook import signature
from tests.fakes.receiver import receiving

SECRET = "a secret of the harbour desk"
RUNNER = CliRunner()


def declare(folder: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Declare one alert that goes to a webhook."""
    file = folder / "alerts.toml"
    file.write_text(f'[alerts.harbour]\nq = "ferry"\nwebhook = "{address}"\n')
    monkeypatch.setenv("NEWSWIRE_ALERTS__FILE", str(file))
    monkeypatch.setenv("NEWSWIRE_ALERT__HARBOUR__SECRET", SECRET)


def test_a_receiver_that_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The delivery is signed, says that it is a test, and names no story's text."""
    with receiving() as (receiver, address):
        receiver.status = 200
        declare(tmp_path, monkeypatch, address)
        done = RUNNER.invoke(app, ["test", "harbour"])
    assert (done.exit_code, done.output.strip()) == (0, "webhook: taken")
    headers, raw = receiver.taken[0]
    body = json.loads(raw)
    assert (body["type"], body["alert"], "story" in body) == ("alert.test", "harbour", False)
    assert headers["webhook-signature"] == signature(
        SECRET, headers["webhook-id"], int(headers["webhook-timestamp"]), raw
    )


def test_a_receiver_that_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code says it, and the reason is printed."""
    declare(tmp_path, monkeypatch, f"http://127.0.0.1:{free_port()}/hook")
    done = RUNNER.invoke(app, ["test", "harbour"])
    assert done.exit_code == 1
    assert done.output.startswith("webhook: ConnectError")
