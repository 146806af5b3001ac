"""Commands without their servers: a bounded wait, one sentence, and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from newswire.servers.process import free_port

ROOT = Path(__file__).parents[2]


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command against ports that nobody listens on; fails if it does not end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_")}
    return subprocess.run(
        [sys.executable, "-m", "newswire", *arguments],
        cwd=ROOT,
        env={
            **kept,
            "NEWSWIRE_DATA_DIR": str(folder),
            "NEWSWIRE_EMBEDDED__ENABLED": "false",
            "NEWSWIRE_KAFKA__BROKERS": f"127.0.0.1:{free_port()}",
            "NEWSWIRE_ELASTICSEARCH__URL": f"http://127.0.0.1:{free_port()}",
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "server"),
    [
        ("status", "Kafka"),
        ("search ferry", "Elasticsearch"),
        ("show ap:1", "Elasticsearch"),
        ("deadletters list", "Kafka"),
        ("held list", "Elasticsearch"),
        ("prove", "Elasticsearch"),
        ("setup", "Kafka"),
    ],
)
def test_a_command_ends_with_a_sentence(tmp_path: Path, command: str, server: str) -> None:
    """It says which server does not answer, in one line, and the exit code is 1."""
    done = run(tmp_path, *command.split())
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"newswire: {server} at ")
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


def test_ingest_once_ends_with_a_sentence(tmp_path: Path) -> None:
    """It does not wait for ever, and the exit code tells a script that not all was read."""
    done = run(tmp_path, "ingest", "--once")
    assert "does not answer" in done.stdout + done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("written", "meant"), [("pathh", "path"), ("formt", "format"), ("captionss", "captions")]
)
def test_feeds_check_suggests_the_key(tmp_path: Path, written: str, meant: str) -> None:
    """A key of feed or source that is unknown is named with the one meant; nothing is tried."""
    keys = {"captions": "true", "path": f'"{tmp_path}"', "format": '"text"'}
    keys[written] = keys.pop(meant)
    table = "\n".join(f"{key} = {value}" for key, value in keys.items())
    file = tmp_path / "feeds.toml"
    file.write_text(f'[feeds.demo]\nsource = "directory"\n{table}\n')
    done = run(tmp_path, "feeds", "check", NEWSWIRE_CONNECTORS__FEEDS_FILE=str(file))
    text = " ".join(done.stdout.split())
    assert f"feeds.demo.{written} in {file}: unknown key; did you mean {meant}?" in text
    assert "not tried" in text
    assert done.returncode == 1
