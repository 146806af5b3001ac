"""Each part of the benchmark still runs: a few stories, on the embedded engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.__main__ import PARTS
from tests.bench.running import SMOKE, Where
from tests.integration.web.chromium import CHROMIUM
from tests.servers import Engine


@pytest.mark.long
@pytest.mark.parametrize("engine_kind", ["embedded"], indirect=True, scope="session")
@pytest.mark.parametrize("part", PARTS)
def test_a_part_measures(engine: Engine, gazetteer: object, tmp_path: Path, part: str) -> None:
    """A part ends in a section with its command and a table of figures."""
    if part == "page" and CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    report = PARTS[part](Where(engine, tmp_path), SMOKE)
    assert f"`python -m tests.bench {part}" in report
    assert report.count("\n|") > 2
