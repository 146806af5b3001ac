"""From publishing to searching, on both engines, through one worker that all tests here share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, permutations

import msgspec
import pytest

from pipeline.index.deadletters import deadletters_index
from pipeline.index.document import enriched
from pipeline.index.history import history_index
from pipeline.kafka.messages import Message
from pipeline.wire.story import Located, Signal, Status, Story
from tests.integration.wire import Process, Wire
from tests.servers import Engine

NUMBERS = count()
START = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def wire(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Wire:
    """A wire of this module's own."""
    made = Wire(engine, f"versions-{engine.kind}", tmp_path_factory.mktemp("versions"))
    made.extra = {"NEWSWIRE_ENRICHMENT__TIMEOUT_SECONDS": "2"}
    made.setup()
    return made


@pytest.fixture(scope="module")
def worker(wire: Wire) -> Iterator[Process]:
    """Its worker."""
    with wire.worker() as running:
        yield running


@pytest.fixture
def id() -> str:
    """A story's id, like no other test's."""
    return f"ap:{next(NUMBERS)}"


def version(id: str, number: int, **fields: object) -> Story:
    """A version of a story."""
    told = {
        "headline": f"Version {number}",
        "body": f"Text of version {number}.",
        "version_created": START + timedelta(minutes=number),
    }
    return Story(id=id, source="AP", version=number, **{**told, **fields})  # type: ignore[arg-type]


def indexed(wire: Wire, worker: Process, id: str, number: int, status: str = "usable") -> None:
    """Wait until the index has a version of a story."""

    def there() -> bool:
        found = wire.document(id)
        return bool(found and (found.get("version"), found["status"]) == (number, status))

    worker.until(there)


def settled(wire: Wire, worker: Process, id: str) -> None:
    """Wait until everything that was published so far has been through the worker."""
    mark = f"{id}-mark-{next(NUMBERS)}"
    # In every partition, since a mark in one says nothing of the others.
    marks = [version(f"{mark}-{n}", 1) for n in range(8)]
    wire.publish(marks)
    worker.until(lambda: all(story.id in wire.documents() for story in marks))


def test_a_correction_replaces(wire: Wire, worker: Process, id: str) -> None:
    """A newer version takes the place of the older one, which is not found any more."""
    wire.publish([version(id, 1)])
    indexed(wire, worker, id, 1)
    wire.publish([version(id, 2, headline="Corrected", signal=Signal.CORRECTION)])
    indexed(wire, worker, id, 2)
    found = wire.document(id)
    assert found is not None
    assert (found["headline"], found["body"]) == ("Corrected", "Text of version 2.")
    assert found["provenance"]["revision"] == 1


def test_an_older_version_changes_nothing(wire: Wire, worker: Process, id: str) -> None:
    """A late older version, and the same version again, leave index and topic as they are."""
    wire.publish([version(id, 2)])
    indexed(wire, worker, id, 2)
    before = wire.document(id)
    wire.publish([version(id, 1), version(id, 2)])
    settled(wire, worker, id)
    assert wire.document(id) == before
    keys = [message.key for message in wire.messages(wire.topics.enriched)]
    assert keys.count(id.encode()) == 1


@pytest.mark.parametrize("odd", [None, 11111111111111111111])
def test_a_version_without_a_usable_number_hides_none(
    wire: Wire, worker: Process, id: str, odd: int | None
) -> None:
    """Of 1, an odd number and 3 the last sent is shown, in every order of arrival."""
    sent = [version(id, 1), version(id, 2), version(id, 3)]
    sent[1] = msgspec.structs.replace(sent[1], version=odd)
    orders = {
        f"{id}-{last}-{n}": order
        for last in (2, 3)
        for n, order in enumerate(permutations(sent[:last]))
    }
    for turn in range(3):
        now = [
            msgspec.structs.replace(order[turn], id=name)
            for name, order in orders.items()
            if turn < len(order)
        ]
        wire.publish(now)
        settled(wire, worker, id)
    bodies = {name: found["body"] for name, found in wire.documents().items() if name in orders}
    assert bodies == {name: f"Text of version {len(order)}." for name, order in orders.items()}


def test_a_kill_hides_and_blanks(wire: Wire, worker: Process, id: str) -> None:
    """A killed story stays as a notice without its text, whatever older comes after it."""
    wire.publish([version(id, 1, headline="Secret", body="Secret text.")])
    indexed(wire, worker, id, 1)
    kill = version(id, 1, status=Status.WITHDRAWN, headline="Secret", body="Secret text.")
    wire.publish([kill])
    indexed(wire, worker, id, 1, "withdrawn")
    wire.publish([version(id, 1, headline="Secret", body="Secret text.")])
    settled(wire, worker, id)
    found = wire.document(id)
    assert found is not None
    assert found["status"] == "withdrawn"
    assert "Secret" not in str(found)
    last = [m.value for m in wire.messages(wire.topics.enriched) if m.key == id.encode()][-1]
    assert b"Secret" not in last


def test_a_kill_outranks_what_comes_with_it(wire: Wire, worker: Process, id: str) -> None:
    """Versions and their kill published at once, the kill in the lane of the urgent, end killed."""
    kill = Story(id=id, status=Status.WITHDRAWN, version_created=START)
    wire.publish([version(id, 1), kill, version(id, 2), version(id, 3)])
    settled(wire, worker, id)
    found = wire.document(id)
    assert found is not None
    assert (found["status"], found["body"]) == ("withdrawn", "")


def test_a_late_kill_of_an_earlier_version(wire: Wire, worker: Process, id: str) -> None:
    """A kill of version 1 that comes after version 2 takes version 1 from the history."""
    wire.publish([version(id, 1)])
    indexed(wire, worker, id, 1)
    wire.publish([version(id, 2)])
    indexed(wire, worker, id, 2)
    history = history_index(wire.prefix)

    def kept() -> list[str]:
        found = wire.documents(history).values()
        return sorted(d["document"]["body"] for d in found if d.get("story_id") == id)

    worker.until(lambda: len(kept()) == 2)
    wire.publish([version(id, 1, status=Status.WITHDRAWN)])
    worker.until(lambda: kept() == ["Text of version 2."])
    indexed(wire, worker, id, 2)
    last = [m for m in wire.messages(wire.topics.enriched) if m.key == id.encode()]
    assert json.loads(last[-1].value)["story"]["version"] == 2


def test_a_malformed_record_is_dead_lettered_once(wire: Wire, worker: Process, id: str) -> None:
    """Bytes that are no story come to the dead letters as they are; their neighbours go on."""
    raw = b'{"id": "' + id.encode() + b'", "body": \xff}'
    wire.publish([version(f"{id}-before", 1)])
    wire.send([Message(wire.topics.stories, id.encode(), raw, [("feed", b"test")])])
    wire.publish([version(f"{id}-after", 1)])
    indexed(wire, worker, f"{id}-before", 1)
    indexed(wire, worker, f"{id}-after", 1)
    settled(wire, worker, id)
    (dead,) = [letter for letter in wire.dead_letters() if letter.raw == raw]
    assert (dead.stage, dead.error, dead.feed) == ("decode", "CodecError", "test")
    assert (dead.topic, dead.reason[:12]) == (wire.topics.stories, "not a story:")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("crash", r"the NLP process ended \(exit code -9\), 2 times: given up"),
        ("hang", "no answer within 2 s, 2 times: given up"),
        ("raise too odd", "ValueError: too odd: given up"),
    ],
)
def test_a_story_that_breaks_enrichment(
    wire: Wire, worker: Process, id: str, body: str, reason: str
) -> None:
    """A story that crashes, hangs or fails NLP is dead-lettered once, and the rest goes on."""
    wire.publish([version(f"{id}-{n}", 1) for n in range(3)])
    wire.publish([version(id, 1, body=body)])
    wire.publish([version(f"{id}-{n}", 1) for n in range(3, 6)])
    for n in range(6):
        indexed(wire, worker, f"{id}-{n}", 1)
    (dead,) = worker.until(lambda: [d for d in wire.dead_letters() if d.story_id == id])
    assert re.fullmatch(reason, dead.reason)
    assert (dead.stage, dead.topic) == ("enrich", wire.topics.stories)
    assert wire.document(id) is None


def test_what_the_mapping_cannot_hold(wire: Wire, worker: Process, id: str) -> None:
    """Numbers beyond a field, places off the earth: the story is indexed, of any number of names.

    What does not fit is kept in the document, and comes back with the record.
    """
    odd = Story(
        id=id,
        version=10**19,
        version_created=START,
        urgency=2**40,
        priority=-(2**70),
        located=(Located(name="Nowhere", latitude=1e300, longitude=float(10**6)),),
        first_created=datetime(9999, 12, 31, tzinfo=UTC),
        body=" ".join(f"Name{n}" for n in range(10_500)),
    )
    wire.publish([odd, version(f"{id}-after", 1)])
    indexed(wire, worker, f"{id}-after", 1)
    document = worker.until(lambda: wire.document(id))
    story = enriched(document).story
    assert (story.version, story.urgency, story.priority) == (10**19, 2**40, -(2**70))
    assert story.located == odd.located
    assert [d for d in wire.dead_letters() if d.story_id == id] == []


def test_dead_letters_are_indexed(wire: Wire, worker: Process, id: str) -> None:
    """The index names stage and reason of a dead letter, and has no byte of it."""
    raw = b'{"id": "' + id.encode() + b'", "body": 5, "headline": "unutterable"}'
    wire.send([Message(wire.topics.stories, id.encode(), raw, [])])
    (dead,) = worker.until(lambda: [d for d in wire.dead_letters() if d.raw == raw])
    letters = deadletters_index(wire.prefix)
    (told,) = worker.until(
        lambda: [d for d in wire.documents(letters).values() if d.get("reason") == dead.reason]
    )
    assert (told["stage"], told["bytes"]) == ("decode", len(raw))
    assert "unutterable" not in str(told)


def test_the_worker_tells_no_text(wire: Wire, worker: Process, id: str) -> None:
    """Logs name stories and reasons, and never a story's text."""
    wire.publish([version(id, 1, body="An unutterable thing.")])
    raw = b'{"body": "An unutterable thing."}'
    wire.send([Message(wire.topics.stories, id.encode(), raw, [])])
    worker.until(lambda: [letter for letter in wire.dead_letters() if letter.raw == raw])
    indexed(wire, worker, id, 1)
    assert "dead letter" in worker.told()
    assert "unutterable" not in worker.told()
