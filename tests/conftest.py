"""What every test shares: options, time limits, the summary, the model and the gazetteer."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.shipped import ensure
from tests.servers import NOT_RUN

GAZETTEER = Path(__file__).resolve().parents[1] / "var" / "gazetteer"
"""The folder where `newswire setup` puts it too."""

SHARED = {"tests/integration/secured", "tests/attacks"}
"""Folders whose files share servers."""
ENGINE = re.compile(r"[\[-](embedded|real)[\]-]")

OUT_OF_TIME = "out of time"
STARTED = time.monotonic()

# A machine under load is slow, and that is no fault of the code: no example has a time limit.
hypothesis.settings.register_profile(
    "newswire", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("newswire")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--seconds`, `--pictures` and `--renew-pictures`."""
    parser.addoption("--pictures", action="store_true", help="compare pages with kept pictures")
    parser.addoption(
        "--renew-pictures", action="store_true", help="keep the pictures of pages as they are now"
    )
    parser.addoption(
        "--seconds",
        type=float,
        metavar="N",
        help="start no test after N seconds; skip the rest and name them in the summary",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Return a scheduler that gives each group of tests to one process."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    return Scheduler(config, log)


def group(nodeid: str) -> str:
    """Return the group of a test: the servers that it shares with other files, or its file.

    Two processes would start these servers twice. Marks are not known where tests are
    distributed, so the test's name has to do: `engine_kind` is a part of its parameters.
    """
    file = nodeid.split("::")[0]
    folder = file.rpartition("/")[0]
    if folder in SHARED:
        return folder
    kind = ENGINE.search(nodeid) if folder.startswith("tests/integration") else None
    return kind[1] if kind else file


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that would start after the time that `--seconds` allows."""
    seconds = item.config.getoption("--seconds")
    if seconds is not None and time.monotonic() - STARTED > seconds:
        pytest.skip(OUT_OF_TIME)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say last, in one line each, how many tests did not run for want of servers or of time."""
    yield
    reasons = [
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple)
    ]
    missing = [reason for reason in reasons if reason.startswith(NOT_RUN)]
    if missing:
        why = "; ".join(dict.fromkeys(reason.removeprefix(NOT_RUN).strip() for reason in missing))
        terminalreporter.write_line(
            f"{len(missing)} TESTS ON REAL KAFKA AND ELASTICSEARCH DID NOT RUN: {why}",
            red=True,
            bold=True,
        )
    if late := reasons.count(OUT_OF_TIME):
        terminalreporter.write_line(f"{late} TESTS DID NOT RUN: time is up", red=True, bold=True)


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """Return the embedded gazetteer."""
    return Gazetteer(ensure(GAZETTEER))


@pytest.fixture(scope="session")
def enricher(gazetteer: Gazetteer) -> Enricher:
    """Return the default model with the embedded gazetteer."""
    return Enricher(gazetteer)
