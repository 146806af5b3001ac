"""Workers that are killed, stopped, replayed and starved: nothing is lost, nothing is doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from connectors.publish import story_record
from pipeline.index.client import connect_sync
from pipeline.index.setup import read_alias, write_alias
from pipeline.kafka.messages import Message
from pipeline.process.status import read_status
from pipeline.stream.enriching import enriched_message
from pipeline.wire import codec
from pipeline.wire.story import Status, Story
from tests.fakes.worker import record_of
from tests.integration.wire import Process, Wire
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


def test_killed_in_mid_stream_and_started_again(wire: Wire) -> None:
    """After SIGKILLs at any point every story is indexed once, at its newest version."""
    everything = list(stories())
    for part in range(2):
        with wire.worker() as worker:
            wire.publish(everything[part::2])
            before = wire.enriched()
            worker.until(lambda before=before: wire.enriched() > before)  # type: ignore[misc]
            worker.kill()
            worker.until_gone()
    with wire.worker() as worker:
        worker.until(lambda: found(wire) == expected() and wire.drained())
    assert wire.dead_letters() == []


COMMITS_SECONDS = 4.0
"""Time for several commits: Faust's interval is one second."""


def counted(wire: Wire, names: set[str]) -> bool:
    """Whether exactly these stories are in the index, and all is taken."""
    return wire.documents().keys() == names and wire.drained()


def test_what_is_being_enriched_is_not_acknowledged(wire: Wire) -> None:
    """The step hangs, commits have time to happen, the worker is killed: all of it comes again."""
    gate = wire.folder / "gate"
    names = {f"ap:{n}" for n in range(20)}
    with wire.worker() as worker:
        wire.publish([Story(id="ap:before", version=1, body="Text.")])
        worker.until(lambda: counted(wire, {"ap:before"}))
        wire.publish(Story(id=n, version=1, body=f"wait-for {gate}") for n in sorted(names))
        time.sleep(COMMITS_SECONDS)
        worker.kill()
        worker.until_gone()
    assert wire.documents().keys() == {"ap:before"}
    gate.touch()
    with wire.worker() as worker:
        worker.until(lambda: counted(wire, names | {"ap:before"}))
    assert wire.dead_letters() == []


def test_what_is_being_indexed_is_not_acknowledged(wire: Wire) -> None:
    """The index takes nothing, commits have time to happen, the worker is killed: nothing is lost.

    All of it is on the enriched topic by then, so nobody delivers it again.
    """
    if wire.engine.kind == "embedded":
        pytest.skip("the embedded engine blocks no index")
    names = {f"ap:{n}" for n in range(20)}
    index = f"{wire.prefix}-000001"
    with connect_sync(wire.settings.elasticsearch) as client:
        client.indices.put_settings(index=index, settings={"index.blocks.write": True})
        with wire.worker() as worker:
            wire.publish(Story(id=name, version=1, body="Text.") for name in sorted(names))
            worker.until(lambda: wire.enriched() == len(names))
            time.sleep(COMMITS_SECONDS)
            worker.kill()
            worker.until_gone()
        client.indices.put_settings(index=index, settings={"index.blocks.write": None})
    assert wire.documents() == {}
    with wire.worker() as worker:
        worker.until(lambda: counted(wire, names))
    assert wire.enriched() == len(names)


def test_replayed_and_rebuilt(wire: Wire) -> None:
    """The stories taken once more, and an empty index filled from the topic, say the same."""
    wire.publish(stories())
    with wire.worker() as worker:
        worker.until(lambda: found(wire) == expected() and wire.drained())
        assert worker.terminate() == 0
    before = wire.documents()
    wire.forget_offsets()
    with wire.worker() as worker:
        worker.until(wire.drained)
        assert wire.documents() == before
        assert worker.terminate() == 0

    with Elasticsearch(wire.engine.elasticsearch_url) as client:
        client.indices.delete(index=f"{wire.prefix}-000001")
    wire.setup()
    assert wire.documents() == {}
    wire.forget_offsets()
    with wire.worker() as worker:
        worker.until(lambda: found(wire) == expected() and wire.drained())
    after = wire.documents()
    for fields in [*before.values(), *after.values()]:
        del fields["indexed_at"], fields["indexing_delay_ms"]
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
        worker.until(lambda: found(wire) == expected() and wire.drained())
    # What was committed before is not enriched again: no version is on the topic twice.
    keys = [(m.key, dict(m.headers)["version"]) for m in wire.messages(wire.topics.enriched)]
    assert len(keys) == len(set(keys)) >= written


def test_asked_to_stop_while_it_starts(wire: Wire) -> None:
    """SIGTERM in the middle of the start ends the worker too, its threads with it."""
    with wire.worker() as worker:
        worker.until(lambda: "Starting..." in worker.told())
        assert worker.terminate() == 0
        worker.until_gone()


def test_asked_to_stop_while_the_broker_hangs(wire: Wire) -> None:
    """A broker that answers nothing keeps neither the worker nor its NLP processes."""
    wire.extra = {"NEWSWIRE_WORKER__DRAIN_SECONDS": "1", "NEWSWIRE_WORKER__LEAVE_SECONDS": "2"}
    wire.publish([Story(id="ap:1", version=1, body="Text 1.")])
    with wire.worker() as worker:
        worker.until(lambda: wire.documents() and wire.drained())
        wire.engine.broker.pause()
        try:
            assert worker.terminate() == 1
            worker.until_gone()
        finally:
            wire.engine.broker.resume()
    assert "did not end in time" in worker.told()


def test_a_worker_that_takes_nothing_any_more(wire: Wire) -> None:
    """With lag and no progress it ends itself with the reason; the next worker takes everything."""
    wire.extra = {"NEWSWIRE_WORKER__STALL_SECONDS": "1"}
    wire.publish(stories())
    with wire.worker("tests.fakes.deaf_worker") as worker:
        assert worker.wait() == 1
        worker.until_gone()
    assert "the worker is stuck" in worker.told()
    assert f"{4 * STORIES + 1} records wait" in worker.told()
    wire.extra = {}
    with wire.worker() as worker:
        worker.until(lambda: found(wire) == expected() and wire.drained())


def test_one_worker_after_the_other_is_started_anew(wire: Wire) -> None:
    """While two workers are replaced in turn stories go on being indexed, and none is lost."""
    if wire.engine.kind == "embedded":
        pytest.skip("the embedded engine's groups hold one worker well, not two that come and go")
    everything = list(stories())
    parts = [everything[n::5] for n in range(5)]
    wire.publish(parts[0])
    old = [wire.start(), wire.start()]
    new: list[Process] = []
    try:
        # One that is still starting has no signal handler yet.
        old[0].until(lambda: old[0].told().count("worker started") == 2)
        for n, worker in enumerate(old):
            wire.publish(parts[1 + 2 * n])
            assert worker.terminate() == 0
            staying = old[1] if n == 0 else new[0]
            staying.until(wire.drained)
            new.append(wire.start())
            wire.publish(parts[2 + 2 * n])
        new[0].until(lambda: found(wire) == expected() and wire.drained())
        new[1].until(lambda: new[1].told().count("worker started") == 4)
        assert [worker.terminate() for worker in new] == [0, 0]
    finally:
        for worker in (*old, *new):
            worker.kill()
        wire.bury()
    assert wire.dead_letters() == []


def test_a_record_with_a_field_that_is_not_known_yet(wire: Wire) -> None:
    """An older worker passes a newer field on: a newer one finds it on the compacted topic."""
    raw = msgspec.json.decode(codec.encode(Story(id="ap:1", version=1, body="Text.")))
    raw["sentiment"] = {"score": 0.25}
    newer = story_record(wire.topics, Story(id="ap:1"), "test")
    wire.send([replace(newer, value=msgspec.json.encode(raw))])
    with wire.worker() as worker:
        worker.until(lambda: wire.documents() and wire.drained())
    (message,) = wire.messages(wire.topics.enriched)
    assert msgspec.json.decode(message.value)["story"]["sentiment"] == {"score": 0.25}
    assert found(wire) == {"ap:1": (1, "usable")}


def test_a_record_that_this_worker_can_not_understand(wire: Wire) -> None:
    """A newer schema ends an older worker with the sentence; the record waits, and is not lost."""
    record = story_record(wire.topics, Story(id="ap:1", version=1, body="Text."), "test")
    told = [(name, b"999" if name == "schema" else value) for name, value in record.headers]
    wire.send([replace(record, headers=told)])
    with wire.worker() as worker:
        assert worker.wait() == 1
    assert "schema 999" in worker.told()
    assert "upgrade" in worker.told()
    assert wire.dead_letters() == []
    assert not wire.drained()


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
        worker.until(lambda: found(wire) == expected() and wire.drained())
    assert wire.dead_letters() == []


def test_while_the_index_is_closed(wire: Wire) -> None:
    """A closed index refuses as it refuses a bad document: nothing is given up for it.

    Stories and kills wait, `status` names one with the reason, and all of it is there once the
    index is open again.
    """
    if wire.engine.kind == "embedded":
        pytest.skip("the embedded engine closes no index")
    everything = list(stories())
    name = f"{wire.prefix}-000001"
    with wire.worker() as worker, connect_sync(wire.settings.elasticsearch) as client:
        wire.publish(everything[:50])
        worker.until(lambda: wire.documents())
        client.indices.close(index=name)
        try:
            wire.publish(everything[50:])
            worker.until(lambda: "index_closed_exception" in worker.told())
            time.sleep(3)
            (status,) = [s for s in read_status(wire.settings.data_dir) if s["kind"] == "worker"]
            assert "index_closed_exception" in status["waiting"]["index"]
        finally:
            client.indices.open(index=name)
        worker.until(lambda: found(wire) == expected() and wire.drained())
    assert wire.dead_letters() == []
    assert wire.messages(wire.topics.refused) == []


def test_a_document_that_the_mapping_does_not_know_yet(wire: Wire) -> None:
    """A field without a mapping is no fault of the story: it is set aside, and others go on.

    Once the mapping has the field, the story is in the index and the last on the compacted topic.
    """
    if wire.engine.kind == "embedded":
        pytest.skip("the embedded engine has no strict mapping")
    name = f"{wire.prefix}-000001"
    odd = Story(id="ap:odd", source="AP", version=1, body="Odd.", copyright="Ours.")
    with wire.worker() as worker, connect_sync(wire.settings.elasticsearch) as client:
        mapping = client.indices.get_mapping(index=name)[name]["mappings"]
        wanted = mapping["properties"].pop("copyright")
        client.indices.delete(index=name)
        client.cluster.put_component_template(
            name=f"{wire.prefix}-mapping", template={"mappings": mapping}
        )
        client.indices.create(
            index=name,
            aliases={wire.prefix: {}, f"{wire.prefix}-write": {"is_write_index": True}},
        )
        wire.publish([odd])
        worker.until(lambda: "set aside" in worker.told())
        wire.publish([Story(id="ap:even", source="AP", version=1, body="Even.")])
        worker.until(lambda: wire.document("ap:even"))
        assert wire.document("ap:odd") is None
        (status,) = [s for s in read_status(wire.settings.data_dir) if s["kind"] == "worker"]
        assert "strict_dynamic_mapping_exception" in status["set_aside"].get("ap:odd", "") or (
            wire.messages(wire.topics.refused)
        )
        client.indices.put_mapping(index=name, properties={"copyright": wanted})
        worker.until(lambda: wire.document("ap:odd"))
        worker.until(wire.drained)
    assert wire.dead_letters() == []


def limit(wire: Wire, topic: str, size: int) -> None:
    """A topic takes no batch of more bytes from now on."""
    admin = KafkaAdminClient(bootstrap_servers=wire.engine.brokers)
    configs = {"max.message.bytes": str(size)}
    try:
        admin.alter_configs([ConfigResource("TOPIC", topic, configs=configs)])
    finally:
        admin.close()


def noise(size: int) -> str:
    """Words that no compression makes much smaller."""
    letters = random.Random(size)
    return " ".join(f"{letters.getrandbits(32):08x}" for _ in range(size // 9))


def test_more_than_a_topic_takes(wire: Wire) -> None:
    """A story that its topic has no room for is dead-lettered, and the others go on."""
    if wire.engine.kind == "embedded":
        pytest.skip("the embedded engine takes any size")
    limit(wire, wire.topics.enriched, 20_000)
    limit(wire, wire.topics.deadletter, 20_000)
    long = Story(id="ap:long", version=1, body=noise(90_000))
    short = [Story(id=f"ap:{n}", version=1, body=noise(6_000)) for n in range(12)]
    wire.publish([*short[:6], long, *short[6:]])
    with wire.worker() as worker:
        worker.until(lambda: len(wire.documents()) == 12 and wire.drained())
    (letter,) = wire.dead_letters()
    assert (letter.stage, letter.story_id) == ("publish", "ap:long")
    assert "max.message.bytes" in letter.reason
    assert noise(90_000)[:3000].encode() in letter.raw


def enriched_record(wire: Wire, story: Story) -> Message:
    """A story on the enriched topic, as a worker sends it."""
    made = enriched_message(wire.topics, record_of(story))
    return Message(made.topic, made.key, made.value, made.headers)


def compact(wire: Wire) -> None:
    """Let Kafka's cleaner run now, over all that was on the enriched topic so far."""
    admin = KafkaAdminClient(bootstrap_servers=wire.engine.brokers)
    settings = {
        "min.compaction.lag.ms": "0",
        "min.cleanable.dirty.ratio": "0",
        "max.compaction.lag.ms": "1",
        "segment.ms": "100",
    }
    try:
        admin.alter_configs([ConfigResource("TOPIC", wire.topics.enriched, configs=settings)])
    finally:
        admin.close()
    for n in range(200):
        keys = [message.key for message in wire.messages(wire.topics.enriched)]
        stories = [key for key in keys if key.startswith(b"ap:")]
        if len(stories) == len(set(stories)):
            return
        # The cleaner leaves the newest segment alone: it goes on by what comes after it.
        wire.send([enriched_record(wire, Story(id=f"filler:{n}:{m}", version=1)) for m in range(8)])
        time.sleep(0.3)
    pytest.fail(f"not compacted: {stories}")


def test_rebuilt_after_compaction(
    engine: Engine, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Kafka keeps the last record of a story: after a zombie's late write that is the newest."""
    if engine.kind == "embedded":
        pytest.skip("the embedded engine does not compact")
    wire = Wire(engine, prefix, tmp_path_factory.mktemp("life"), partitions=1)
    wire.setup()
    old = Story(id="ap:1", version=1, body="Text 1.")
    new = Story(id="ap:1", version=2, body="Text 2.")
    kill = Story(id="ap:2", version=1, status=Status.WITHDRAWN, body="Secret.")
    # Compaction leaves the record at offset 0, and none of those behind it.
    wire.send([enriched_record(wire, Story(id="ap:0", version=1))])
    wire.send([enriched_record(wire, Story(id="ap:3", version=n)) for n in (1, 2, 3, 4)])
    with wire.worker() as worker:
        worker.until(lambda: wire.drained() and len(wire.documents()) == 2)
        wire.publish([new, Story(id="ap:2", version=1, body="Secret."), kill])
        worker.until(lambda: wire.drained() and len(wire.documents()) == 4)
        # What a worker that lost its partitions long ago had enriched, and sends now.
        wire.send([enriched_record(wire, old)])
        worker.until(lambda: wire.enriched() >= 9 and wire.drained())
        assert worker.terminate() == 0
    before = found(wire)
    assert before == {
        "ap:0": (1, "usable"),
        "ap:1": (2, "usable"),
        "ap:2": (1, "withdrawn"),
        "ap:3": (4, "usable"),
    }

    wire.send([enriched_record(wire, Story(id="ap:3", version=4))])
    compact(wire)
    kept = wire.messages(wire.topics.enriched)
    assert not any(b"Secret" in m.value or b"Text 1." in m.value for m in kept)
    assert kept[0].offset == 0
    assert kept[1].offset > 2
    with Elasticsearch(wire.engine.elasticsearch_url) as client:
        client.indices.delete(index=f"{wire.prefix}-000001")
    wire.setup()
    wire.forget_offsets()
    with wire.worker() as worker:
        worker.until(wire.drained)
        rebuilt = found(wire)
    assert {id: rebuilt[id] for id in before} == before
