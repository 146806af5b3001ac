"""Each outcome of a bulk request, as an ill Elasticsearch gives it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from config.settings import Elasticsearch as ElasticsearchSettings
from config.settings import Retry
from pipeline.index.client import connect
from pipeline.index.writer import Outcome, Write, Writer, Written
from pipeline.process.waiting import Waiting
from pipeline.wire.errors import SetupError
from tests.fakes.elasticsearch import FakeElasticsearch, Items, Refuse, Silence, fake_elasticsearch

QUICK = Retry(base_seconds=0.001, max_seconds=0.002)

INDEXED, STALE = Written(Outcome.INDEXED), Written(Outcome.STALE)


@pytest.fixture
def server() -> Iterator[FakeElasticsearch]:
    """A fake of this test's own."""
    with fake_elasticsearch() as running:
        yield running


def use(server: FakeElasticsearch, act: Callable[[Writer], Any], **settings: Any) -> Any:
    """What `act` returns with a writer to the fake."""
    chosen = ElasticsearchSettings(url=(server.url,), request_timeout_seconds=0.3, **settings)

    async def run() -> Any:
        client = connect(chosen)
        try:
            return await act(Writer(client, chosen, Waiting(QUICK)))
        finally:
            await client.close()

    return asyncio.run(run())


def write(server: FakeElasticsearch, writes: Sequence[Write], **settings: Any) -> list[Written]:
    """The outcomes of writes."""
    outcomes: list[Written] = use(server, lambda writer: writer.write(writes), **settings)
    return outcomes


def some(*ids: str, version: int = 1) -> list[Write]:
    """Small documents."""
    return [Write(id, version, {"id": id, "body": "x" * 50}) for id in ids]


def test_new_newer_older_and_equal(server: FakeElasticsearch) -> None:
    """A newer version replaces; an older or equal one is stale, and changes nothing."""
    assert write(server, some("a", version=2)) == [INDEXED]
    outcomes = write(server, [*some("a", version=1), *some("a", version=2), *some("b")])
    assert outcomes == [STALE, STALE, INDEXED]
    assert write(server, some("a", version=3)) == [INDEXED]
    assert server.held["a"][0] == 3


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_index_is_tried_again(server: FakeElasticsearch, status: int) -> None:
    """A request that is refused for now is sent again, as often as it takes."""
    server.faults.extend([Refuse(status)] * 5)
    assert write(server, some("a", "b")) == [INDEXED, INDEXED]
    assert server.bulks == [["a", "b"]] * 6


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "es_rejected_execution_exception"),
        (503, "unavailable_shards_exception"),
        (403, "cluster_block_exception"),
        (429, "cluster_block_exception"),
    ],
)
def test_of_a_part_only_that_part_is_tried_again(
    server: FakeElasticsearch, status: int, kind: str
) -> None:
    """Documents refused for now are sent again, without those that were taken."""
    server.faults.append(Items(("b",), status, kind))
    assert write(server, some("a", "b", "c")) == [INDEXED] * 3
    assert server.bulks == [["a", "b", "c"], ["b"]]


@pytest.mark.parametrize("hang", [False, True], ids=["connection cut", "time-out"])
def test_applied_without_an_answer(server: FakeElasticsearch, hang: bool) -> None:
    """A request that was applied, but whose answer was lost, is told as stale when sent again."""
    server.faults.append(Silence(applied=True, hang=hang))
    assert write(server, some("a")) == [STALE]
    assert server.held["a"][0] == 1


@pytest.mark.parametrize("hang", [False, True], ids=["connection cut", "time-out"])
def test_lost_without_an_answer(server: FakeElasticsearch, hang: bool) -> None:
    """A request that was never applied is sent again."""
    server.faults.append(Silence(applied=False, hang=hang))
    assert write(server, some("a")) == [INDEXED]


def test_a_rejected_document_is_handed_back_with_the_reason(server: FakeElasticsearch) -> None:
    """What the mapping rejects comes back with its reason; its neighbours are indexed."""
    server.faults.append(Items(("b",), 400, "document_parsing_exception"))
    first, second, third = write(server, some("a", "b", "c"))
    assert (first, third) == (INDEXED, INDEXED)
    assert second.outcome is Outcome.REJECTED
    assert second.reason == "HTTP 400: document_parsing_exception"
    assert len(server.bulks) == 1


def test_a_document_that_json_cannot_hold_is_rejected(server: FakeElasticsearch) -> None:
    """A number past 64 bits is the document's fault: it alone is handed back."""
    bad = Write("b", 1, {"urgency": 10**30})
    outcomes = write(server, [*some("a"), bad])
    assert [written.outcome for written in outcomes] == [Outcome.INDEXED, Outcome.REJECTED]
    assert server.bulks == [["a"]]


def test_a_request_too_long_is_parted(server: FakeElasticsearch) -> None:
    """A request that the index finds too long is halved until it fits."""
    server.max_bytes = 400
    assert write(server, some(*"abcdefg")) == [INDEXED] * 7
    assert len(server.bulks) > 2


def test_a_document_that_spoils_its_request_is_found(server: FakeElasticsearch) -> None:
    """A request refused for one of its documents is halved until that one is alone."""
    server.spoiling = {"e"}
    outcomes = write(server, some(*"abcdefg"))
    assert outcomes[:4] + outcomes[5:] == [INDEXED] * 6
    assert outcomes[4].outcome is Outcome.REJECTED
    assert "action_request_validation_exception" in (outcomes[4].reason or "")


def test_a_document_too_long_by_itself_is_rejected(server: FakeElasticsearch) -> None:
    """What is too long for a request of its own is handed back; its neighbours are indexed."""
    server.max_bytes = 400
    long = Write("b", 1, {"body": "x" * 1000})
    first, second, third = write(server, [*some("a"), long, *some("c")])
    assert (first, third) == (INDEXED, INDEXED)
    assert second.outcome is Outcome.REJECTED
    assert "413" in (second.reason or "")


def test_requests_stay_under_the_configured_size(server: FakeElasticsearch) -> None:
    """Documents are parted so that no request is longer than `bulk_bytes`."""
    server.max_bytes = 1024
    assert write(server, some(*"abcdefghijkl"), bulk_bytes=1024) == [INDEXED] * 12
    assert len(server.bulks) > 1
    assert [name for ids in server.bulks for name in ids] == list("abcdefghijkl")


def test_a_missing_index_stops_with_a_sentence(server: FakeElasticsearch) -> None:
    """Without index or alias nothing is made up: the sentence says what to run."""
    server.missing = True
    with pytest.raises(SetupError, match="newswire setup"):
        write(server, some("a"))
    with pytest.raises(SetupError, match="newswire setup"):
        use(server, lambda writer: writer.newest(["a"]))
    with pytest.raises(SetupError, match="newswire setup"):
        use(server, lambda writer: writer.require())


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_stop(server: FakeElasticsearch, status: int) -> None:
    """Who may not write stops with the settings to look at, and dead-letters nothing."""
    server.faults.append(Refuse(status, "security_exception"))
    with pytest.raises(SetupError, match="API_KEY"):
        write(server, some("a"))
    server.faults.append(Items(("a",), status, "security_exception"))
    with pytest.raises(SetupError, match="API_KEY"):
        write(server, some("a"))


@pytest.mark.parametrize("fault", [Refuse(500, "boom"), Items(("a",), 500, "boom")])
def test_an_unknown_failure_of_the_index_is_waited_for(
    server: FakeElasticsearch, fault: Refuse | Items
) -> None:
    """What is not the document's fault makes no dead letter and ends no worker."""
    server.faults.append(fault)
    assert write(server, some("a")) == [INDEXED]


def test_a_closed_index_is_waited_for(server: FakeElasticsearch) -> None:
    """A closed index answers 400 as a bad document does; it takes all of them once it is open."""
    server.closed = True
    waiting = Waiting(QUICK)
    settings = ElasticsearchSettings(url=(server.url,))

    async def run() -> list[Written]:
        async with connect(settings) as client:
            writing = asyncio.create_task(
                Writer(client, settings, waiting).write([*some("a"), *some("b")])
            )
            while len(server.bulks) < 10:
                await asyncio.sleep(0.001)
            assert not writing.done()
            assert waiting.reasons == {"index": "b: HTTP 400: index_closed_exception"}
            server.closed = False
            return await writing

    assert asyncio.run(run()) == [INDEXED, INDEXED]
    assert waiting.reasons == {}


@pytest.mark.parametrize("others", [("b", "c"), ()], ids=["beside others", "alone"])
@pytest.mark.parametrize(
    ("status", "kind"), [(400, "strict_dynamic_mapping_exception"), (500, "boom")]
)
def test_a_document_that_alone_is_refused_keeps_no_other_waiting(
    server: FakeElasticsearch, others: tuple[str, ...], status: int, kind: str
) -> None:
    """It is no fault that is known, and the index takes others: handed back, not rejected."""
    server.faults.extend([Items(("a",), status, kind)] * 3)
    first, *rest = write(server, some("a", *others))
    assert first == Written(Outcome.REFUSED, f"HTTP {status}: {kind}")
    assert rest == [INDEXED] * len(others)


def test_a_busy_index_hands_nothing_back(server: FakeElasticsearch) -> None:
    """However often a document is refused for the index's own sake, it is sent again."""
    for fault in (429, "es_rejected_execution_exception"), (403, "cluster_block_exception"):
        server.faults.extend([Items(("a",), *fault)] * 10)
    assert write(server, some("a", "b")) == [INDEXED, INDEXED]


def test_a_server_that_is_away_is_waited_for() -> None:
    """Nothing is lost and nothing raised while nobody listens."""
    with fake_elasticsearch() as gone:
        url = gone.url
    settings = ElasticsearchSettings(url=(url,))

    async def run() -> bool:
        client = connect(settings)
        writer = Writer(client, settings, Waiting(QUICK))
        done, pending = await asyncio.wait(
            [asyncio.ensure_future(writer.write(some("a")))], timeout=0.3
        )
        for task in pending:
            task.cancel()
        await asyncio.wait(pending)
        await client.close()
        return not done

    assert asyncio.run(run())


def test_look_up_by_id(server: FakeElasticsearch) -> None:
    """Versions and documents come by id, and what is not there is left out."""
    write(server, some("a", version=7))
    assert use(server, lambda writer: writer.newest(["a", "b", "a"])) == {"a": 7}
    found = use(server, lambda writer: writer.documents(["a", "b"]))
    assert found == {"a": (7, {"id": "a", "body": "x" * 50})}


def test_nothing_to_write_asks_nothing(server: FakeElasticsearch) -> None:
    """An empty batch makes no request."""
    assert write(server, []) == []
    assert use(server, lambda writer: writer.newest([])) == {}
    assert server.bulks == []
