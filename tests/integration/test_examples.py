"""The example of a search client, on the application and an index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from examples.search_client import hits
from tests.integration.web.newsroom import newsroom, served
from tests.records import enriched
from tests.servers import Engine


@pytest.mark.parametrize("engine_kind", ["embedded"], indirect=True, scope="session")
def test_the_search_client_reads_every_page(engine: Engine, tmp_path: Path) -> None:
    """All stories that match come, newest first, each once, over several pages."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    stories = [
        enriched(
            f"x:{n}", f"Ferry {n} sails", "The ferry.", published_at=start + timedelta(hours=n)
        )
        for n in range(45)
    ]
    with newsroom(engine, tmp_path) as room:
        room.index(*stories, enriched("x:other", "Bridge opens", "A bridge.", published_at=start))
        with served(room) as client:
            found = [hit["id"] for hit in hits(client, "ferry")]
            assert found == [f"x:{n}" for n in reversed(range(45))]
            assert [hit["id"] for hit in hits(client, "ferry", most=3)] == found[:3]
