"""How processes start and end."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from config.settings import Elasticsearch, Settings
from pipeline.process.entry import run
from pipeline.web.app import create_app
from pipeline.wire.errors import ConfigError, SetupError


@pytest.fixture(autouse=True)
def quiet_root() -> Iterator[None]:
    """Give the root logger back as it was."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    yield
    root.setLevel(before[0])
    root.handlers = before[1]


@pytest.mark.parametrize(
    ("error", "code"), [(SetupError("no topic"), 1), (ConfigError("no topic"), 2)]
)
@pytest.mark.parametrize("format", ["text", "json"])
def test_a_failure_is_one_line(
    error: Exception,
    code: int,
    format: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sentence alone for a person; an event for a machine, which reads every line as JSON."""
    monkeypatch.setenv("NEWSWIRE_LOGGING__FORMAT", format)

    def work(settings: Settings) -> None:
        raise error

    assert run(work) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert (json.loads(line)["event"] if format == "json" else line.removeprefix("newswire: ")) == (
        "no topic"
    )


def test_an_unexpected_error_is_logged_with_its_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends the process with a code that a supervisor restarts on."""
    monkeypatch.setenv("NEWSWIRE_LOGGING__FORMAT", "json")
    assert run(lambda settings: 1 // 0) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "ZeroDivisionError" in json.loads(line)["error"]


@pytest.mark.parametrize("module", ["pipeline", "pipeline.alerts", "pipeline.web", "connectors"])
def test_every_process_names_an_unknown_key(module: str) -> None:
    """Exit code 2 and the key's name, before anything is connected to."""
    environ = {**os.environ, "NEWSWIRE_KAFKA__BROKER": "a:1"}
    ended = subprocess.run(
        [sys.executable, "-m", module], env=environ, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("newswire: ")
    assert "kafka.broker" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("module", "section"),
    [
        ("pipeline", "worker"),
        ("pipeline.alerts", "alerts"),
        ("pipeline.web", "web"),
        ("connectors", "connectors"),
    ],
)
def test_a_taken_port_ends_every_process(tmp_path: Path, module: str, section: str) -> None:
    """Exit code 2 and one sentence that names setting and port, whether servers answer or not."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environ = {
            **os.environ,
            "NEWSWIRE_DATA_DIR": str(tmp_path),
            "NEWSWIRE_KAFKA__BROKERS": "127.0.0.1:9",
            "NEWSWIRE_ELASTICSEARCH__URL": "http://127.0.0.1:9",
            f"NEWSWIRE_{section.upper()}__PORT": str(port),
        }
        ended = subprocess.run(
            [sys.executable, "-m", module], env=environ, capture_output=True, text=True, timeout=60
        )
    assert ended.returncode == 2
    sentence = f"newswire: {section}.port: 127.0.0.1:{port}: Address already in use"
    assert ended.stderr.strip().splitlines() == [sentence]


def test_the_page_says_at_its_start_that_the_index_is_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once, and the process goes on."""
    settings = Settings(elasticsearch=Elasticsearch(url=("http://127.0.0.1:9",)))
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        assert client.get("/readyz").status_code == 503
        deadline = time.monotonic() + 60
        while not caplog.records and time.monotonic() < deadline:
            time.sleep(0.05)
    said = [each for each in caplog.records if each.name == "pipeline.web.app"]
    assert [each.getMessage() for each in said] == ["the page answers 503 until the index is there"]


def test_the_page_logs_json_too() -> None:
    """Every line of the web process is an event when `logging.format` is "json"."""
    environ = {
        **os.environ,
        "NEWSWIRE_LOGGING__FORMAT": "json",
        "NEWSWIRE_WEB__PORT": "0",
        "NEWSWIRE_ELASTICSEARCH__URL": "http://127.0.0.1:9",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.web"], env=environ, stderr=subprocess.PIPE, text=True
    )
    lines: list[str] = []
    try:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if "running on" in line:
                process.send_signal(signal.SIGTERM)
    finally:
        process.kill()
        process.wait(30)
    events = [json.loads(line)["event"] for line in lines]
    assert any("running on" in event for event in events)
