"""A cluster of three under every fault of one host: nothing is lost and nothing is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from newswire.servers.process import folder_for_servers
from tests.integration.conftest import missing_skips
from tests.servers.cluster import cluster
from tests.torture.clustered import torture

SEED, STORIES = 11, 30
NOT_CUT = "no host was cut off: network namespaces are not permitted"


@pytest.mark.real
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_cluster_goes_on_through_every_fault_of_a_host(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Hosts killed, stopped, cut off, restarted in turn, leaders elected: the model is met."""
    with missing_skips(), folder_for_servers() as folder, cluster(folder / "servers") as running:
        result = torture(running, Path(folder), SEED, STORIES, lambda *_: None)
    with capsys.disabled():
        print(f"\nlongest pause in seconds, by fault: {result.pauses}")
    assert result.differences == []
    assert sum(result.faults.values()) == (13 if running.can_be_cut else 11)
    if not running.can_be_cut:
        if os.environ.get("CI") and os.geteuid() == 0:
            pytest.fail(NOT_CUT, pytrace=False)
        pytest.skip(NOT_CUT)
