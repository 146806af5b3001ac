"""The comparison sees what is wrong: a check that finds nothing must be able to find something."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer

from config.settings import Settings, load
from connectors.formats import FORMATS
from connectors.formats.base import Context
from pipeline.enrich.unenriched import Unenriched
from pipeline.events.fingerprints import fingerprint
from pipeline.events.groups import Groups
from pipeline.index.client import connect, connect_sync
from pipeline.index.deadletters import deadletters_index
from pipeline.index.document import document
from pipeline.index.events import events_index
from pipeline.index.history import History, history_index
from pipeline.index.writer import Write, Writer
from pipeline.kafka.messages import Record
from pipeline.setup import setup
from pipeline.stream.deadletters import DeadLetters
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Status
from pipeline.wire.topics import Topics
from pipeline.wire.versions import blank, index_version
from tests.servers import engine
from tests.torture import check
from tests.torture.faults import Driver, Fault
from tests.torture.model import Version, Wire, wire

REVISION = 1


@pytest.fixture(scope="module")
def made() -> Wire:
    """A wire with kills and embargoes in it."""
    return wire(5, 20)


@pytest.fixture(scope="module")
def settings(made: Wire, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation that has come to the right end."""
    with engine("embedded", tmp_path_factory.mktemp("check")) as running:
        settings = load(
            environ={
                "NEWSWIRE_KAFKA__BROKERS": running.brokers,
                "NEWSWIRE_ELASTICSEARCH__URL": running.elasticsearch_url,
                "NEWSWIRE_TOPICS__PARTITIONS": "1",
            }
        )
        setup(settings)
        asyncio.run(index(settings, [story.newest for story in made.stories]))
        send(settings, made.damaged)
        asyncio.run(tell(settings, made.damaged))
        yield settings


async def tell(settings: Settings, damaged: tuple[bytes, ...]) -> None:
    """Index dead letters as the worker would."""
    topic = Topics().deadletter
    records = [Record(topic, 0, offset, raw) for offset, raw in enumerate(damaged)]
    async with connect(settings.elasticsearch) as client:
        await DeadLetters(client, settings.elasticsearch, timedelta(days=1))(records)


async def index(settings: Settings, versions: list[Version]) -> None:
    """Index versions as the worker would."""
    async with connect(settings.elasticsearch) as client:
        writes = [write(version) for version in versions]
        done = await Writer(client, settings.elasticsearch).write(writes)
        outcomes = [(w, d.outcome) for w, d in zip(writes, done, strict=True)]
        await History(client, settings.elasticsearch).keep(outcomes)
        groups = Groups()
        for each in writes:
            groups.take(each.id, fingerprint(each.document, each.version, datetime.now(UTC)))
        events = Writer(
            client, settings.elasticsearch, index=events_index(settings.elasticsearch.index)
        )
        places = groups.settle().places
        await events.write(
            [
                Write(name, 1, {"story": name, "event": place.event})
                for name, place in places.items()
            ]
        )


def write(version: Version) -> Write:
    """What the worker writes for a version."""
    (story,) = FORMATS["nitf"](version.raw, Context()).stories
    if story.status is Status.WITHDRAWN:
        story = blank(story)
    record: Enriched = Unenriched(REVISION).enrich([story])[0]
    return Write(story.id, index_version(story, REVISION), document(record))


def send(settings: Settings, letters: tuple[bytes, ...]) -> None:
    """Bytes onto the dead-letter topic."""
    producer = KafkaProducer(bootstrap_servers=list(settings.kafka.brokers))
    for raw in letters:
        producer.send(Topics().deadletter, key=b"k", value=raw).get(30)
    producer.close()


def found(made: Wire, settings: Settings, calm: dict[str, bytes]) -> set[str]:
    """What the index comparison says, without the ids."""
    return {each.partition(": ")[2] for each in check.index_differences(made, settings, calm)}


def test_the_right_end_has_no_differences(made: Wire, settings: Settings) -> None:
    """An index with each newest version, and all damaged bytes as letters, is right."""
    assert list(check.index_differences(made, settings, check.documents(settings))) == []
    assert list(check.letter_differences(made, settings)) == []
    assert list(check.event_differences(settings)) == []


def test_an_older_version_is_seen(made: Wire, settings: Settings) -> None:
    """A story that fell back to an older version differs, and so does one that is missing."""
    calm = check.documents(settings)
    story = next(s for s in made.stories if s.numbered and len(s.versions) > 2)
    right, wrong = write(story.newest), write(story.versions[0])
    with connect_sync(settings.elasticsearch) as client:
        client.index(index=settings.elasticsearch.index, id=wrong.id, document=wrong.document)
        assert f"{right.id} is not the document of the calm run" in found(made, settings, calm)
        client.delete(index=settings.elasticsearch.index, id=wrong.id)
        assert f"{right.id} is missing" in found(made, settings, calm)
        client.index(index=settings.elasticsearch.index, id=right.id, document=right.document)
    assert found(made, settings, calm) == set()


def test_a_killed_word_is_seen(made: Wire, settings: Settings) -> None:
    """A killed story whose text is still there differs in status, words and what is shown."""
    calm = check.documents(settings)
    story = next(s for s in made.stories if s.newest.killed)
    right, wrong = write(story.newest), write(story.versions[0])
    with connect_sync(settings.elasticsearch) as client:
        client.index(index=settings.elasticsearch.index, id=wrong.id, document=wrong.document)
        seen = found(made, settings, calm)
        client.index(index=settings.elasticsearch.index, id=right.id, document=right.document)
    assert f"{right.id} has words of a killed story" in seen


def test_a_killed_version_that_is_kept_is_seen(made: Wire, settings: Settings) -> None:
    """A version of a killed story beside the index differs."""
    killed = next(s for s in made.stories if s.newest.killed).versions[0]
    index = history_index(settings.elasticsearch.index)
    entry = {"story_id": killed.story_id, "document": write(killed).document}
    with connect_sync(settings.elasticsearch) as client:
        client.index(index=index, id="x", document=entry)
        seen = found(made, settings, check.documents(settings))
        client.delete(index=index, id="x")
    assert seen == {"x is kept", "x has words of a killed story"}


def test_a_wrong_event_is_seen(made: Wire, settings: Settings) -> None:
    """A story that is in another event, and a killed one that is in any, differ."""
    index = events_index(settings.elasticsearch.index)
    killed = next(s for s in made.stories if s.newest.killed).newest.story_id
    with connect_sync(settings.elasticsearch) as client:
        client.indices.refresh(index=index)
        (first, second, *_) = client.search(index=index)["hits"]["hits"]
        wrong = first["_source"] | {"event": killed}
        client.index(index=index, id=first["_id"], document=wrong)
        client.index(index=index, id=killed, document={"story": killed, "event": second["_id"]})
        seen = list(check.event_differences(settings))
        client.index(index=index, id=first["_id"], document=first["_source"])
        client.delete(index=index, id=killed)
    assert len(seen) == 3
    assert all(f"events: {first['_id']} is in " in each for each in seen[:1] + seen[2:])
    assert seen[1] == f"events: {killed} may not be shown and is in {second['_id']}"


def test_a_letter_too_many_and_one_too_few_are_seen(made: Wire, settings: Settings) -> None:
    """A dead letter that no damaged delivery led to differs, and a damaged one without any."""
    more = Wire(made.stories, (*made.damaged, b"never delivered"), made.deliveries)
    assert any("is missing" in each for each in check.letter_differences(more, settings))
    fewer = Wire(made.stories, made.damaged[1:], made.deliveries)
    assert any("should not be there" in each for each in check.letter_differences(fewer, settings))


def test_a_letter_that_the_index_does_not_tell_is_seen(made: Wire, settings: Settings) -> None:
    """Each dead letter is in the index by its name, and no other is."""
    index = deadletters_index(settings.elasticsearch.index)
    with connect_sync(settings.elasticsearch) as client:
        client.delete(index=index, id="0:0@None", refresh=True)
        client.index(index=index, id="x", document={"name": "0:99"}, refresh=True)
    assert {each.split(maxsplit=2)[2] for each in check.letter_differences(made, settings)} == {
        "0:0 is not told by the index",
        "0:99 is told by the index",
    }


def test_receivers_that_know_a_wrong_version_are_seen(made: Wire, settings: Settings) -> None:
    """They must hold the newest version, and nothing of a killed story."""
    visible = made.visible(datetime.now(UTC))
    told = [(name, notice(made.newest[name], 2)) for name in visible]
    killed = next(s for s in made.stories if s.newest.killed)
    name = killed.newest.story_id
    gone = {"type": "alert.withdrawn", "rank": 2}
    told += [(name, notice(killed.versions[0], 1)), (name, gone)]
    # Of an earlier version, late: the newer one stays.
    told += [(each, gone | {"rank": 1}) for each in visible]
    tell_receivers(settings, told)
    assert list(check.alert_differences(made, settings)) == []
    older = next(s for s in made.stories if s.newest.story_id in visible and len(s.versions) > 1)
    tell_receivers(
        settings,
        [
            (older.newest.story_id, notice(older.versions[0], 2)),
            (name, notice(killed.versions[0], 1)),
        ],
    )
    assert set(check.alert_differences(made, settings)) == {
        f"alerts: {older.newest.story_id}: its receivers do not hold the newest version",
        f"alerts: {name}: its receivers were not told that it is gone",
    }


def notice(version: Version, rank: int) -> dict[str, Any]:
    """What a receiver is told of a version."""
    return {"type": "alert.story", "rank": rank, "story": {"body": f"It says {version.marker}."}}


def tell_receivers(settings: Settings, told: list[tuple[str, dict[str, Any]]]) -> None:
    """Records onto the topic of the alerts."""
    producer = KafkaProducer(bootstrap_servers=list(settings.kafka.brokers))
    for name, body in told:
        producer.send(Topics().alerts, key=name.encode(), value=orjson.dumps(body)).get(30)
    producer.close()


def test_a_storm_strikes_what_it_must() -> None:
    """A kind that the draw left out is struck in the second half, or named at the end."""

    def fault(kind: str, weight: float) -> Fault:
        return Fault(kind, weight, kind, (0, 0), lambda: True)

    faults = [fault("often", 1e9), fault("seldom", 1e-9)]
    driver = Driver(faults, random.Random(1), 0.02, required=("seldom", "never"))
    driver.run(0.8, lambda part: None)
    assert driver.struck["seldom"] == 1
    assert driver.missed == ["never"]
