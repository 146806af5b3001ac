"""Workers that are killed, stopped, replayed and starved: nothing is lost, nothing is doubled."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from pipeline.index.setup import read_alias, write_alias
from pipeline.story import Status, Story
from tests.integration.wire import Wire
from tests.servers import Engine

STORIES = 60
VERSIONS = 4
KILLED = "ap:0"


@pytest.fixture
def wire(engine: Engine, prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Wire:
    """A wire of this test's own, set up."""
    made = Wire(engine, prefix, tmp_path_factory.mktemp("life"))
    made.setup()
    return made


def stories() -> Iterator[Story]:
    """Versions of many stories, the newest of each neither first nor last; one is killed."""
    for number in (2, VERSIONS, 1, 3):
        for n in range(STORIES):
            yield Story(id=f"ap:{n}", version=number, headline="Head", body=f"Text {number}.")
    yield Story(id=KILLED, version=VERSIONS, status=Status.WITHDRAWN)


def expected() -> dict[str, tuple[int, str]]:
    """Version and status of each story in the end."""
    told = {f"ap:{n}": (VERSIONS, "usable") for n in range(STORIES)}
    return {**told, KILLED: (VERSIONS, "withdrawn")}


def found(wire: Wire, index: str | None = None) -> dict[str, tuple[int, str]]:
    """Version and status of each story in the index."""
    documents = wire.documents(index)
    return {id: (fields["version"], fields["status"]) for id, fields in documents.items()}


def drained(wire: Wire) -> bool:
    """Whether the group has taken everything there is."""
    topics = (*wire.topics.lanes, wire.topics.enriched)
    return wire.committed() >= sum(len(wire.messages(topic)) for topic in topics)


def test_killed_in_mid_stream_and_started_again(wire: Wire) -> None:
    """After SIGKILLs at any point every story is indexed once, at its newest version."""
    everything = list(stories())
    for part in range(2):
        with wire.worker() as worker:
            wire.publish(everything[part::2])
            before = wire.enriched()
            worker.until(lambda before=before: wire.enriched() > before)
            worker.kill()
            worker.until_gone()
    with wire.worker() as worker:
        worker.until(lambda: found(wire) == expected() and drained(wire))
    assert wire.dead_letters() == []


def test_replayed_and_rebuilt(wire: Wire) -> None:
    """The stories taken once more, and an empty index filled from the topic, say the same."""
    wire.publish(stories())
    with wire.worker() as worker:
        worker.until(lambda: found(wire) == expected() and drained(wire))
        assert worker.terminate() == 0
    before = wire.documents()
    wire.forget_offsets()
    with wire.worker() as worker:
        worker.until(lambda: drained(wire))
        assert wire.documents() == before
        assert worker.terminate() == 0

    with Elasticsearch(wire.engine.elasticsearch_url) as client:
        client.indices.delete(index=f"{wire.prefix}-000001")
    wire.setup()
    assert wire.documents() == {}
    wire.forget_offsets()
    with wire.worker() as worker:
        worker.until(lambda: found(wire) == expected() and drained(wire))
    after = wire.documents()
    for fields in [*before.values(), *after.values()]:
        del fields["indexed_at"]
    assert after == before


def test_asked_to_stop(wire: Wire) -> None:
    """On SIGTERM a batch in flight is finished and committed, and no process stays behind."""
    wire.publish(stories())
    with wire.worker() as worker:
        worker.until(wire.enriched)
        assert worker.children
        assert worker.terminate() == 0
        worker.until_gone()
        assert wire.committed() > 0
    written = wire.enriched()
    with wire.worker() as worker:
        worker.until(lambda: found(wire) == expected() and drained(wire))
    # What was committed before is not enriched again: no version is on the topic twice.
    keys = [(m.key, dict(m.headers)["version"]) for m in wire.messages(wire.topics.enriched)]
    assert len(keys) == len(set(keys)) >= written


def test_without_an_index(wire: Wire) -> None:
    """A worker whose index is missing ends with exit code 1 and says what to run."""
    with Elasticsearch(wire.engine.elasticsearch_url) as client:
        client.indices.delete(index=f"{wire.prefix}-000001")
    with wire.worker() as worker:
        assert worker.wait() == 1
    assert "newswire setup" in worker.told()
    with Elasticsearch(wire.engine.elasticsearch_url) as client:
        assert not client.indices.exists(index=write_alias(wire.prefix))
        assert not client.indices.exists(index=read_alias(wire.prefix))


def test_without_topics(
    engine: Engine, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A worker whose topics are missing ends with exit code 1 and says what to run."""
    wire = Wire(engine, prefix, tmp_path_factory.mktemp("life"))
    with wire.worker() as worker:
        assert worker.wait() == 1
    assert f"topic {prefix}.stories" in worker.told()
    assert "newswire setup" in worker.told()


def test_while_the_index_is_away(wire: Wire) -> None:
    """What arrives while Elasticsearch does not answer is indexed once it answers again."""
    if wire.engine.kind == "embedded":
        pytest.skip("broker and index are one process here: neither can be away alone")
    everything = list(stories())
    with wire.worker() as worker:
        wire.publish(everything[:50])
        worker.until(lambda: wire.documents())
        wire.engine.index.pause()
        try:
            wire.publish(everything[50:])
            worker.until(
                lambda: (
                    '"dependency": "index"' in worker.told() or "dependency=index" in worker.told()
                )
            )
            time.sleep(3)
        finally:
            wire.engine.index.resume()
        worker.until(lambda: found(wire) == expected() and drained(wire))
    assert wire.dead_letters() == []
