"""What every test shares: options, time limits, the summary, the model and the gazetteer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.shipped import ensure
from tests.servers.artifacts import NOT_RUN

GAZETTEER = Path(__file__).resolve().parents[1] / "var" / "gazetteer"
"""The folder where `newswire setup` puts it too."""

SHARED = {"servers": "secured", "embedded": "attacks"}
"""The fixtures that start servers for many files, and the name of each group of tests."""

OUT_OF_TIME = "out of time"
STARTED = time.monotonic()

# A machine under load is slow, and that is no fault of the code: no example has a time limit.
hypothesis.settings.register_profile(
    "newswire", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("newswire")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--seconds`."""
    parser.addoption(
        "--seconds",
        type=float,
        metavar="N",
        help="start no test after N seconds; skip the rest and name them in the summary",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests that share servers: two processes would start these servers twice."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        fixtures = getattr(item, "fixturenames", ())
        servers = parameters.get("engine_kind") or next(
            (group for fixture, group in SHARED.items() if fixture in fixtures), None
        )
        if servers:
            item.add_marker(pytest.mark.xdist_group(servers))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Return a scheduler that keeps groups together, and the other tests by their file."""
    from xdist.scheduler import LoadGroupScheduling

    class GroupsAndFiles(LoadGroupScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            group = str(super()._split_scope(nodeid))
            return nodeid.split("::")[0] if group == nodeid else group

    return GroupsAndFiles(config, log)


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
