"""The step from the dead-letter topic to the index."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import delete, translated
from pipeline.index.deadletters import deadletters_index, entry
from pipeline.index.writer import Writer
from pipeline.kafka.messages import Record
from pipeline.process.waiting import Waiting
from pipeline.stream.step import Agent, Parts, Step
from pipeline.wire.errors import CodecError, NewswireError

log = logging.getLogger(__name__)


FORGET_SECONDS = 3600.0
FORGET_PAGE = 1000


class DeadLetters(Step):
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
        self._index = deadletters_index(settings.index)
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
            if written.reason:  # never a dead letter: it would come back
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
                    await delete(self._client, self._index, ids)
        except NewswireError as error:
            log.warning("old dead letters stay indexed", extra={"reason": str(error)})


def _make(parts: Parts) -> Step:
    keep = timedelta(hours=parts.settings.topics.deadletter_retention_hours)
    return DeadLetters(parts.client, parts.settings.elasticsearch, keep, parts.waiting)


AGENT = Agent(
    "deadletters", lambda topics: topics.deadletter, _make, batch=100, in_flight=1, counters={}
)
