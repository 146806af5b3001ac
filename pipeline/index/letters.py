"""Dead letters in the index, for Kibana: what failed, when, where and why; never the bytes.

`<base>-deadletters` holds one document for each message of the dead-letter topic, which stays
the place that they are listed and replayed from, for as long as the topic keeps them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import translated
from pipeline.index.mapping import DATE, INTEGER, KEYWORD, LONG, NAME
from pipeline.index.setup import setup_beside
from pipeline.index.writer import Outcome, Write, Writer
from pipeline.records import Record, Waiting
from pipeline.wire.deadletter import letter_name, read
from pipeline.wire.errors import CodecError, NewswireError

log = logging.getLogger(__name__)

FORGET_SECONDS = 3600.0
FORGET_PAGE = 1000

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        # "partition:offset", as `newswire deadletters` names it.
        "name": KEYWORD,
        "stage": KEYWORD,
        "error": KEYWORD,
        "reason": NAME,
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
    },
}


def letters_index(base: str) -> str:
    """The name of the index of dead letters."""
    return f"{base}-deadletters"


def setup_letters(settings: ElasticsearchSettings) -> list[str]:
    """Create the index where it is missing; what was done, a line each.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses.
    """
    return setup_beside(settings, letters_index(settings.index), MAPPING)


def entry(record: Record) -> Write:
    """What is indexed of a message of the dead-letter topic.

    Raises:
        CodecError: its headers are no dead letter's.
    """
    try:
        letter = read(record.value, dict(record.headers))
        size = int(record.headers.get("raw_bytes", len(record.value)))
    except ValueError as error:  # msgspec's, too
        raise CodecError(f"{record.place} is no dead letter: {error}") from error
    values = {
        **msgspec.structs.asdict(letter),
        "name": letter_name(record.partition, record.offset),
        "delivery": letter.name,
        "bytes": size,
        "received_at": _instant(letter.received_at),
        "failed_at": _instant(letter.failed_at),
    }
    del values["raw"]
    # Topics that are made anew begin at 0 again: the time tells such letters apart.
    return Write(
        f"{values['name']}@{letter.failed_at}",
        1,
        {key: value for key, value in values.items() if value is not None},
    )


def _instant(text: str | None) -> str | None:
    """A time as it came, unless it is none: what a header says may be anybody's."""
    try:
        return datetime.fromisoformat(text).isoformat() if text else None
    except ValueError:
        return None


class Letters:
    """The step from the dead-letter topic to the index.

    Args:
        client: open for as long as the step is used.
        keep: how long the topic keeps a letter; the index forgets it then too.
    """

    def __init__(
        self,
        client: AsyncElasticsearch,
        settings: ElasticsearchSettings,
        keep: timedelta,
        waiting: Waiting | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._keep = keep
        self._index = letters_index(settings.index)
        self._writer = Writer(client, settings, waiting=waiting, index=self._index)
        self._forget_at = 0.0

    async def require(self) -> None:
        """Check that the index is there. Waits while Elasticsearch is away.

        Raises:
            SetupError: the index or its credentials are missing.
        """
        await self._writer.require()

    async def __call__(self, records: Sequence[Record]) -> None:
        """Take one batch. What the index refuses stays on the topic alone.

        Raises:
            SetupError: see `require`.
        """
        writes = []
        for record in records:
            try:
                writes.append(entry(record))
            except CodecError as error:
                log.warning("not indexed", extra={"letter": record.place, "reason": str(error)})
        for write, written in zip(writes, await self._writer.write(writes), strict=True):
            if written.outcome is Outcome.REJECTED:  # never a dead letter: it would come back
                log.warning("not indexed", extra={"letter": write.id, "reason": written.reason})
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + FORGET_SECONDS
            await self._forget(datetime.now(UTC) - self._keep)

    async def _forget(self, before: datetime) -> None:
        """Delete what the topic no longer has. What fails is done the next time."""
        old = {"range": {"failed_at": {"lt": before.isoformat()}}}
        try:
            with translated(self._settings):
                while True:
                    found = await self._client.search(
                        index=self._index, query=old, size=FORGET_PAGE, source=False
                    )
                    ids = [hit["_id"] for hit in found["hits"]["hits"]]
                    if not ids:
                        return
                    await self._client.bulk(
                        index=self._index,
                        operations=[{"delete": {"_id": name}} for name in ids],
                        refresh=True,
                    )
        except NewswireError as error:
            log.warning("old dead letters stay indexed", extra={"reason": str(error)})
