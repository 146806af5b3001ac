"""A part of the torture: real servers, one storm, nothing lost and nothing wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from newswire.servers.process import folder_for_servers
from tests.integration.conftest import missing_skips
from tests.torture.faults import KILLS
from tests.torture.run import servers, torture

SEED, STORIES, STORM_SECONDS, EVERY_SECONDS = 3, 30, 25.0, 1.2


@pytest.mark.real
@pytest.mark.timeout(600)
def test_a_storm_leaves_what_a_calm_run_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    """After kills, zombies, cut links and full disks, index, topic and dead letters are right."""
    with missing_skips(), servers() as running, folder_for_servers() as folder:
        result = torture(
            running, Path(folder), SEED, STORIES, STORM_SECONDS, EVERY_SECONDS, lambda *_: None
        )
    with capsys.disabled():
        print(f"\n{result.faults}, settled {result.settled_seconds} s after the last fault")
    assert sum(result.faults.values()) >= 10
    assert [kind for kind in KILLS if not result.faults.get(kind)] == []
    assert result.differences == []
