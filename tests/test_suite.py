"""The suite itself: what did not run is said loudly, and fails where it must run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import group

ROOT = Path(__file__).parents[1]


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, as it is configured for this project."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "JAVA_HOME")}
    kept = {name: value for name, value in kept.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("ci", "code"), [({}, 0), ({"CI": "true"}, 1)])
def test_missing_servers_are_said_last(tmp_path: Path, ci: dict[str, str], code: int) -> None:
    """Without Maven one loud line counts the tests that did not run; on CI they fail."""
    nowhere = {"PATH": str(tmp_path), "NEWSWIRE_CACHE": str(tmp_path)}
    done = run("tests/integration/servers/test_engines.py", "-k", "real", **nowhere, **ci)
    assert done.returncode == code, done.stdout
    line = done.stdout.splitlines()[-2]
    if ci:
        assert "Maven is not installed" in done.stdout
    else:
        assert line.startswith("2 TESTS ON REAL KAFKA AND ELASTICSEARCH DID NOT RUN: ")
        assert "Maven is not installed" in line


def test_no_test_starts_when_time_is_up() -> None:
    """`--seconds` ends a run in order: what did not start is counted, in one line."""
    done = run("tests/pipeline/wire/test_schema.py", "--seconds", "0")
    assert done.returncode == 0
    *_, line, closing = done.stdout.splitlines()
    assert line.endswith("TESTS DID NOT RUN: time is up")
    assert "passed" not in closing


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("tests/integration/test_a.py::test_x[real]", "real"),
        ("tests/integration/web/test_a.py::test_x[embedded-asked0-found0]", "embedded"),
        ("tests/integration/worker/test_a.py::test_x[crash-real]", "real"),
        ("tests/integration/test_a.py::test_x[unreal]", "tests/integration/test_a.py"),
        ("tests/integration/secured/test_a.py::test_x[real]", "tests/integration/secured"),
        ("tests/pipeline/test_a.py::test_x[real]", "tests/pipeline/test_a.py"),
    ],
)
def test_tests_that_share_servers_run_in_one_process(nodeid: str, name: str) -> None:
    """The servers of each kind are started once, however many files use them."""
    assert group(nodeid) == name
