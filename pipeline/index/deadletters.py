"""Dead letters in the index, for Kibana: what failed, when, where and why; never the bytes.

`<base>-deadletters` holds one document for each message of the dead-letter topic, which stays
the place that they are listed and replayed from, for as long as the topic keeps them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch, Elasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import translated
from pipeline.index.mapping import DATE, EXACT, INTEGER, KEYWORD, LONG
from pipeline.index.setup import setup_beside
from pipeline.index.writer import Write
from pipeline.kafka.messages import Record
from pipeline.wire.deadletter import letter_name, read
from pipeline.wire.errors import CodecError

log = logging.getLogger(__name__)

MOST_KILLS = 1000
"""So many of them are counted."""


MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        # "partition:offset", as `newswire deadletters` names it.
        "name": KEYWORD,
        "stage": KEYWORD,
        "error": KEYWORD,
        "reason": {**KEYWORD, "fields": {"text": EXACT}},
        "where": KEYWORD,
        "feed": KEYWORD,
        "format": KEYWORD,
        # Of the delivery: a file's name, an address.
        "delivery": KEYWORD,
        "story_id": KEYWORD,
        "topic": KEYWORD,
        "partition": INTEGER,
        "offset": LONG,
        "bytes": LONG,
        "received_at": DATE,
        "failed_at": DATE,
        # "withdrawn" of a kill.
        "status": KEYWORD,
        # What became of it, by whom and when: absent while nobody has acted.
        "resolved": KEYWORD,
        "resolved_by": KEYWORD,
        "resolved_at": DATE,
    },
}


def deadletters_index(base: str) -> str:
    """Return the name of the index of dead letters."""
    return f"{base}-deadletters"


def setup_deadletters(settings: ElasticsearchSettings) -> list[str]:
    """Create the index where it is missing; what was done, a line each.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses.
    """
    return setup_beside(settings, deadletters_index(settings.index), MAPPING)


def unresolved_kills(client: Elasticsearch, settings: ElasticsearchSettings) -> list[str]:
    """Return the ids of kills among the dead letters that nobody has replayed or dismissed.

    Raises:
        IndexUnavailable, SetupError: see `pipeline.index.client.translated`.
    """
    with translated(settings):
        answer = client.search(**_kills(settings))
    return _names(answer.body)


async def find_unresolved_kills(
    client: AsyncElasticsearch, settings: ElasticsearchSettings
) -> list[str]:
    """Return the same as `unresolved_kills`, without blocking."""
    with translated(settings):
        answer = await client.search(**_kills(settings))
    return _names(answer.body)


def _kills(settings: ElasticsearchSettings) -> dict[str, Any]:
    return {
        "index": deadletters_index(settings.index),
        "query": {
            "bool": {
                "filter": [{"term": {"status": "withdrawn"}}],
                "must_not": [{"exists": {"field": "resolved"}}],
            }
        },
        "size": MOST_KILLS,
        "source_includes": ["name"],
    }


def _names(answer: Mapping[str, Any]) -> list[str]:
    return sorted(hit["_source"]["name"] for hit in answer["hits"]["hits"])


def entry(record: Record) -> Write:
    """Return what is indexed of a message of the dead-letter topic.

    Raises:
        CodecError: its headers are no dead letter's.
    """
    try:
        letter = read(record.value, dict(record.headers))
        size = int(record.headers.get("raw_bytes", len(record.value)))
    except ValueError as error:  # msgspec's, too
        raise CodecError(f"{record.place} is no dead letter: {error}") from error
    resolves = record.headers.get("resolves")
    values = {
        **msgspec.structs.asdict(letter),
        **{name: record.headers.get(name) for name in ("resolved", "resolved_by")},
        "resolved_at": _instant(record.headers.get("resolved_at")),
        "name": resolves or letter_name(record.partition, record.offset),
        "delivery": letter.name,
        "bytes": size,
        "received_at": _instant(letter.received_at),
        "failed_at": _instant(letter.failed_at),
    }
    del values["raw"]
    # A topic that is created again begins at 0: the time distinguishes such letters.
    return Write(
        f"{values['name']}@{letter.failed_at}",
        2 if resolves else 1,
        {key: value for key, value in values.items() if value is not None},
    )


def _instant(text: str | None) -> str | None:
    """Return a time as it came, or None if it is invalid: anybody may have written the header."""
    try:
        return datetime.fromisoformat(text).isoformat() if text else None
    except ValueError:
        return None
