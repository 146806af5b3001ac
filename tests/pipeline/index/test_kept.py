"""What people keep, while a part of the index is away."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch
from pipeline.index.kept import Desk, Kind
from pipeline.wire.errors import IndexUnavailable


class Answering:
    """An index whose one shard answers with an error, or with none."""

    def __init__(self, error: str) -> None:
        self._item = {"error": {"type": error}, "status": 503}

    async def mget(self, **_: Any) -> dict[str, Any]:
        """The document's error in place of the document."""
        return {"docs": [self._item]}

    async def bulk(self, **_: Any) -> dict[str, Any]:
        """The action's error."""
        return {"errors": True, "items": [{"delete": self._item}]}


def desk(error: str) -> Desk:
    """A desk on such an index."""
    return Desk(cast(AsyncElasticsearch, Answering(error)), Elasticsearch())


def test_a_note_that_can_not_be_read_is_not_taken_for_absent() -> None:
    """The editor would see an empty field, and write over it."""
    with pytest.raises(IndexUnavailable, match="no_shard_available"):
        asyncio.run(desk("no_shard_available_action_exception").one("ann", Kind.NOTE, "a:1"))


def test_a_note_that_is_not_removed_is_said_to_stay() -> None:
    """An answer of success would leave what was to go."""
    with pytest.raises(IndexUnavailable, match="unavailable_shards"):
        asyncio.run(desk("unavailable_shards_exception").remove("ann", Kind.NOTE, "a:1"))


def test_where_nothing_was_set_up_nothing_is_kept() -> None:
    """To read or remove is no error there."""
    empty = desk("index_not_found_exception")
    assert asyncio.run(empty.one("ann", Kind.NOTE, "a:1")) is None
    asyncio.run(empty.remove("ann", Kind.NOTE, "a:1"))
