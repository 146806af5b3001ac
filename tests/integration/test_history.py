"""The versions kept beside the index, on both engines: all of a story's, and none of a killed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from config.settings import Settings, load
from pipeline.index.client import connect, connect_sync
from pipeline.index.document import document
from pipeline.index.history import KEPT, History, history_index, setup_history, version_id
from pipeline.index.setup import setup_index
from pipeline.index.writer import Write, Writer
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.story import Status, Story
from pipeline.wire.versions import index_version
from tests.servers import Engine

PROVENANCE = Provenance(pipeline="t", model="none", gazetteer="none", revision=1)


@pytest.fixture
def settings(engine: Engine, prefix: str) -> Settings:
    """An index of its own, made ready."""
    settings = load(
        environ={
            "NEWSWIRE_ELASTICSEARCH__URL": engine.elasticsearch_url,
            "NEWSWIRE_ELASTICSEARCH__INDEX": prefix,
        }
    )
    setup_index(settings.elasticsearch)
    setup_history(settings.elasticsearch)
    return settings


def write(version: int, status: Status = Status.USABLE) -> Write:
    """A version of one story."""
    story = Story(id="TW:ferry", version=version, status=status, body=f"version {version}")
    record = Enriched(story=story, provenance=PROVENANCE)
    return Write(story.id, index_version(story, 1), document(record))


def keep(settings: Settings, *batches: Sequence[Write]) -> None:
    """Index batches one after the other, as the worker does."""

    async def take() -> None:
        async with connect(settings.elasticsearch) as client:
            writer = Writer(client, settings.elasticsearch)
            history = History(client, settings.elasticsearch)
            for batch in batches:
                done = await writer.write(batch)
                await history.keep([(w, d.outcome) for w, d in zip(batch, done, strict=True)])

    asyncio.run(take())


def kept(settings: Settings) -> list[str]:
    """The texts in the history, in order."""
    index = history_index(settings.elasticsearch.index)
    with connect_sync(settings.elasticsearch) as client:
        client.indices.refresh(index=index)
        hits = client.search(index=index, query={"match_all": {}}, size=100)["hits"]["hits"]
    documents = (hit["_source"].get("document") for hit in hits)
    return sorted(document["body"] for document in documents if document)


KILL = Status.WITHDRAWN


def test_every_version_is_kept_until_a_kill(settings: Settings) -> None:
    """Versions are kept in whatever order they come, once each; a kill takes them all."""
    keep(settings, [write(2)], [write(1), write(2)])
    assert kept(settings) == ["version 1", "version 2"]
    keep(settings, [write(2, KILL)], [write(1)])
    assert kept(settings) == []


def test_a_late_kill_of_an_earlier_version_takes_that_alone(settings: Settings) -> None:
    """The end does not depend on the order of kill and next version."""
    keep(settings, [write(1)], [write(2)], [write(1, KILL)])
    assert kept(settings) == ["version 2"]


def test_a_version_after_a_kill_is_kept(settings: Settings) -> None:
    """What clears a story again is kept, in the kill's batch or after it; the killed is not."""
    keep(settings, [write(1)], [write(1, KILL), write(2)], [write(3)], [write(1)])
    assert kept(settings) == ["version 2", "version 3"]


def test_a_late_request_brings_nothing_back(settings: Settings) -> None:
    """What a worker sent before it was killed, and arrives after the purge, is refused."""
    late = write(1)
    keep(settings, [write(2, KILL)], [late])
    with connect_sync(settings.elasticsearch) as client:
        client.bulk(
            index=history_index(settings.elasticsearch.index),
            operations=[
                {
                    "index": {
                        "_id": version_id(late.id, late.version),
                        "version": KEPT,
                        "version_type": "external_gte",
                    }
                },
                {"story_id": late.id, "index_version": late.version, "document": late.document},
            ],
        )
    assert kept(settings) == []
