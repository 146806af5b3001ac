"""The stories that are held until a person releases them."""

from __future__ import annotations

from typing import Any

from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import translated
from pipeline.index.setup import read_alias
from pipeline.wire.story import Status

HELD: dict[str, Any] = {
    "bool": {
        "filter": [{"term": {"status": Status.EMBARGOED.value}}],
        "must_not": [{"exists": {"field": "embargoed_until"}}],
    }
}
"""The query of the stories that are held: under an embargo without an end."""


async def count_held(client: AsyncElasticsearch, settings: ElasticsearchSettings) -> int:
    """Return how many stories are held.

    Raises:
        IndexUnavailable, SetupError: see `pipeline.index.client.translated`.
    """
    with translated(settings):
        answer = await client.count(index=read_alias(settings.index), query=HELD)
    return int(answer["count"])
