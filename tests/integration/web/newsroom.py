"""An application over an index of its own, and the worker's part played by the test."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
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
from pipeline.events.fingerprints import fingerprint
from pipeline.events.groups import Groups
from pipeline.index.document import document
from pipeline.index.events import events_index, setup_events
from pipeline.index.history import History, history_index, setup_history
from pipeline.index.kept import desk_index, setup_desk
from pipeline.index.setup import first_index, read_alias, setup_index
from pipeline.index.writer import Outcome, Write, Writer
from pipeline.stream.events import Change, to_write
from pipeline.web.app import create_app
from pipeline.wire.enriched import Enriched
from pipeline.wire.versions import index_version
from tests.servers import Engine

ADMIN_TOKEN = "a-token-for-tests-7Gk2pWq9"


class Newsroom:
    """What a test of the web process needs: the app's client, and a way to index stories."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._groups = Groups()
        self._settled = 0
        self.app = create_app(settings, KafkaOperations(settings))

    def index(self, *records: Enriched) -> list[Outcome]:
        """Index records as the worker does, history included; they can be searched at once."""
        return asyncio.run(self._index(records))

    def group(self) -> None:
        """Write each story's event as the worker does."""
        asyncio.run(self._group())

    def place(self, places: Mapping[str, str], field: str = "event") -> None:
        """Write what each story's `event` or `alias` is, as given, instead of grouping them."""
        index = events_index(self.settings.elasticsearch.index)
        with Elasticsearch(list(self.settings.elasticsearch.url), request_timeout=60) as client:
            for story, event in places.items():
                document = {"story": story, field: event}
                client.index(index=index, id=story, document=document, refresh=True)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a command over this index."""
        elastic = self.settings.elasticsearch
        return {
            "NEWSWIRE_ELASTICSEARCH__URL": elastic.url[0],
            "NEWSWIRE_ELASTICSEARCH__INDEX": elastic.index,
            "NEWSWIRE_DATA_DIR": str(self.settings.data_dir),
            "PYTHONPATH": str(Path(__file__).parents[3]),
            "PATH": "/usr/bin:/bin",
        }

    def run(self, *arguments: str) -> str:
        """Return what `newswire ARGUMENTS...` prints; it must succeed."""
        command = [sys.executable, "-m", "newswire", *arguments]
        done = subprocess.run(
            command, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

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

    async def _group(self) -> None:
        elasticsearch = self.settings.elasticsearch
        client = AsyncElasticsearch(list(elasticsearch.url), request_timeout=60)
        try:
            found = await client.search(
                index=read_alias(elasticsearch.index), size=1000, version=True
            )
            for hit in sorted(found["hits"]["hits"], key=lambda hit: hit["_source"]["indexed_at"]):
                now = datetime.now(UTC)
                self._groups.take(hit["_id"], fingerprint(hit["_source"], hit["_version"], now))
            self._settled += 1
            changes = [
                Change(story=story, event=place.event, alias=place.alias, offset=self._settled)
                for story, place in self._groups.settle().places.items()
            ]
            index = events_index(elasticsearch.index)
            writer = Writer(client, elasticsearch, index=index)
            await writer.write([to_write(change) for change in changes])
            await client.indices.refresh(index=index)
        finally:
            await client.close()


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
    setup_events(settings.elasticsearch, anew=False)
    try:
        yield Newsroom(settings)
    finally:
        with Elasticsearch(engine.elasticsearch_url, request_timeout=60) as client:
            names = (first_index, history_index, desk_index, events_index)
            for index in (each(name) for each in names):
                client.indices.delete(index=index, ignore_unavailable=True)


@contextmanager
def served(room: Newsroom) -> Iterator[TestClient]:
    """A client of the running application."""
    with TestClient(room.app, base_url="http://127.0.0.1") as client:
        yield client
