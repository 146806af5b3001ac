"""An application over an index of its own, and the worker's part played by the test."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from elasticsearch import AsyncElasticsearch, Elasticsearch
from starlette.testclient import TestClient

from config.settings import Elasticsearch as ElasticsearchSettings
from config.settings import Kafka, Settings, Topics, Web
from newswire.operations import KafkaOperations
from pipeline.index.document import document
from pipeline.index.history import History, history_index, setup_history
from pipeline.index.kept import desk_index, setup_desk
from pipeline.index.setup import first_index, read_alias, setup_index
from pipeline.index.writer import Outcome, Write, Writer
from pipeline.web.app import create_app
from pipeline.wire.enriched import Enriched
from pipeline.wire.versions import index_version
from tests.servers import Engine

ADMIN_TOKEN = "a-token-for-tests-7Gk2pWq9"


class Newsroom:
    """What a test of the web process needs: the app's client, and a way to index stories."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app = create_app(settings, KafkaOperations(settings))

    def index(self, *records: Enriched) -> list[Outcome]:
        """Index records as the worker does, history included; they can be searched at once."""
        return asyncio.run(self._index(records))

    def count(self, index: str, query: dict[str, Any]) -> int:
        """How many documents of an index match."""
        with Elasticsearch(list(self.settings.elasticsearch.url), request_timeout=60) as client:
            client.indices.refresh(index=index)
            return int(client.count(index=index, query=query)["count"])

    async def _index(self, records: tuple[Enriched, ...]) -> list[Outcome]:
        elasticsearch = self.settings.elasticsearch
        client = AsyncElasticsearch(list(elasticsearch.url), request_timeout=60)
        try:
            writes = [_write(record) for record in records]
            written = await Writer(client, elasticsearch).write(writes)
            outcomes = [result.outcome for result in written]
            await History(client, elasticsearch).keep(list(zip(writes, outcomes, strict=True)))
            await client.indices.refresh(index=read_alias(elasticsearch.index))
            await client.indices.refresh(index=history_index(elasticsearch.index))
        finally:
            await client.close()
        return outcomes


def _write(record: Enriched) -> Write:
    fields: dict[str, Any] = document(record)
    fields["indexed_at"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    version = index_version(record.story, record.provenance.revision)
    return Write(record.story.id, version, fields)


@contextmanager
def newsroom(engine: Engine, folder: Path, **web: Any) -> Iterator[Newsroom]:
    """A newsroom on an engine; its indices are removed at the end."""
    name = f"web-{uuid4().hex[:8]}"
    settings = Settings(
        data_dir=folder,
        elasticsearch=ElasticsearchSettings(url=(engine.elasticsearch_url,), index=name),
        kafka=Kafka(brokers=(engine.brokers,)),
        topics=Topics(prefix=name),
        web=Web(**{"admin_token": ADMIN_TOKEN, **web}),
    )
    setup_index(settings.elasticsearch)
    setup_history(settings.elasticsearch)
    setup_desk(settings.elasticsearch)
    try:
        yield Newsroom(settings)
    finally:
        with Elasticsearch(engine.elasticsearch_url, request_timeout=60) as client:
            for index in (first_index(name), history_index(name), desk_index(name)):
                client.indices.delete(index=index, ignore_unavailable=True)


@contextmanager
def served(room: Newsroom) -> Iterator[TestClient]:
    """A client of the running application."""
    with TestClient(room.app, base_url="http://127.0.0.1") as client:
        yield client
