"""Old dead letters are forgotten, or said to stay."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch
from pipeline.stream.deadletters import DeadLetters


class Unwilling:
    """An index that has one old letter and deletes none, as under a block on writes."""

    asked = 0

    async def search(self, **_: Any) -> dict[str, Any]:
        """The letter; after some calls a test would never end."""
        self.asked += 1
        assert self.asked < 5
        return {"hits": {"hits": [{"_id": "0:7"}]}}

    async def bulk(self, **_: Any) -> dict[str, Any]:
        """Nothing is deleted."""
        error = {"type": "cluster_block_exception", "reason": "index read-only"}
        return {"errors": True, "items": [{"delete": {"status": 403, "error": error}}]}


def test_letters_that_are_not_deleted_are_left_for_the_next_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The step says so and goes on: it does not ask without end."""
    client = Unwilling()
    step = DeadLetters(cast(AsyncElasticsearch, client), Elasticsearch(), timedelta(days=30))
    asyncio.run(step([]))
    assert client.asked == 1
    assert "old dead letters stay indexed" in caplog.text
