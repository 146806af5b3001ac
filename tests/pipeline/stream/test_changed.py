"""Which facts changed from the version that readers had."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.stream.indexing import Indexing
from pipeline.wire.story import Status, Story
from tests.fakes.index import Index
from tests.fakes.kafka import Broker
from tests.fakes.worker import Worker

TWELVE = "Police said 12 people died on Tuesday."
FIFTEEN = "Police said 15 people died on Tuesday."
LATER = datetime(2199, 1, 1, tzinfo=UTC)


@pytest.fixture
def worker() -> Worker:
    """A worker that has just started, with nothing to do."""
    return Worker(Broker(), Index())


def version(number: int, body: str, **fields: Any) -> Story:
    return Story(id="ap:1", version=number, body=body, **fields)


def taken(worker: Worker, *stories: Story) -> None:
    """One version after the other goes through the worker."""
    for story in stories:
        worker.deliver(story)
        asyncio.run(worker.drain())


def held(worker: Worker) -> list[str]:
    found: list[str] = worker.index.held["ap:1"][1].get("changed", [])
    return found


def test_a_version_says_what_it_changes(worker: Worker) -> None:
    """The document has the kinds of facts; a first version and one in other words have none."""
    taken(worker, version(1, TWELVE))
    assert held(worker) == []
    taken(worker, version(2, FIFTEEN))
    assert held(worker) == ["figures"]
    taken(worker, version(3, "Police said on Tuesday that 15 had died."))
    assert held(worker) == []


def test_what_readers_could_not_see_is_not_compared(worker: Worker) -> None:
    """An embargoed or withdrawn version before tells nothing, not even that it was different."""
    taken(worker, version(1, TWELVE, embargoed_until=LATER), version(2, FIFTEEN))
    assert held(worker) == []
    kill = version(3, "", status=Status.WITHDRAWN)
    taken(worker, kill)
    assert held(worker) == []
    taken(worker, version(4, TWELVE))
    assert held(worker) == []


def test_a_late_older_version_changes_nothing(worker: Worker) -> None:
    """What changed is told against the version that readers had, in whichever order they come."""
    taken(worker, version(1, TWELVE), version(3, FIFTEEN), version(2, "Nobody died."))
    assert held(worker) == ["figures"]
    worker.zombie_writes(version(2, "Nobody died."))
    asyncio.run(worker.drain())
    assert held(worker) == ["figures"]


def test_two_versions_of_one_batch_follow_each_other(worker: Worker) -> None:
    """The second is compared with the first, although neither is in the index yet."""
    for story in (version(1, TWELVE), version(2, FIFTEEN)):
        worker.zombie_writes(story)
    asyncio.run(worker.index_some(10))
    assert held(worker) == ["figures"]


def test_a_repeat_and_another_enrichment_keep_it(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same version, written once more by a newer enrichment, says what it said."""
    taken(worker, version(1, TWELVE), version(2, FIFTEEN))
    monkeypatch.setattr("tests.fakes.worker.REVISION", 2)
    worker.zombie_writes(version(2, FIFTEEN))
    asyncio.run(worker.drain())
    assert worker.index.held["ap:1"][0] % 1000 == 2
    assert held(worker) == ["figures"]


def test_history_keeps_what_a_version_changed(worker: Worker) -> None:
    """What is kept beside the index is the document as it was written, also when it is repeated."""
    kept: list[Any] = []

    class History:
        async def keep(self, written: Any) -> None:
            kept.extend(write.document.get("changed") for write, _ in written)

        async def forget(self, purged: Any) -> None:
            assert not purged

    indexing: Indexing = worker.indexing
    indexing.history = History()  # type: ignore[assignment]
    for story in (version(1, TWELVE), version(2, FIFTEEN), version(2, FIFTEEN)):
        worker.zombie_writes(story)
        asyncio.run(worker.index_some(1))
    assert kept == [None, ["figures"], ["figures"]]


def test_a_kill_keeps_what_finds_its_copies(worker: Worker) -> None:
    """The fingerprint of the text that was killed, in every later kill too, and no text."""
    text = " ".join(f"Captain Ruiz{n} met Mayor Lopez{n} near Pier{n}." for n in range(12))
    taken(worker, version(1, text))
    known = worker.index.held["ap:1"][1]["fingerprint"]
    for number in (2, 3):
        taken(worker, version(number, "", status=Status.WITHDRAWN))
        document = worker.index.held["ap:1"][1]
        assert document["withdrawn_fingerprint"] == known
        assert "Ruiz" not in str(document)


@pytest.mark.parametrize(
    ("before", "unseen"),
    [
        ([], True),
        ([version(1, TWELVE)], False),
        ([version(1, TWELVE, embargoed_until=LATER)], True),
        ([version(1, TWELVE), version(2, TWELVE, embargoed_until=LATER)], False),
        ([version(1, TWELVE, embargoed_until=datetime(2020, 1, 1, tzinfo=UTC))], False),
        (
            [version(1, TWELVE, status=Status.EMBARGOED), version(2, "", status=Status.WITHDRAWN)],
            True,
        ),
    ],
)
def test_a_kill_says_whether_readers_have_seen_the_story(
    worker: Worker, before: list[Story], unseen: bool
) -> None:
    """Known from the version before, and from what that one knew of those before it."""
    taken(worker, *before, version(9, "", status=Status.WITHDRAWN))
    assert worker.index.held["ap:1"][1].get("unseen", False) is unseen


def test_a_kill_that_overtakes_its_story_leaves_it_unseen(worker: Worker) -> None:
    """What was killed before it was indexed was never shown."""
    for story in (version(1, TWELVE), version(9, "", status=Status.WITHDRAWN)):
        worker.deliver(story)
    asyncio.run(worker.drain())
    assert worker.index.held["ap:1"][1]["unseen"] is True
