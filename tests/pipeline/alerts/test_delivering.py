"""One receiver's deliveries, with an index and a receiver played by the test."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from config.alerts import Alert
from config.settings import Retry
from pipeline.alerts import messages
from pipeline.alerts.channel import Gone, NotTaken
from pipeline.alerts.delivering import deliver
from pipeline.alerts.outbox import Delivery, Outbox, State
from pipeline.alerts.saved import Saved
from pipeline.alerts.webhook import post, signature
from pipeline.search.request import SearchRequest
from pipeline.wire.versions import REVISIONS

SAVED = Saved(Alert("a"), SearchRequest(), ("topic",))
QUICK = Retry(base_seconds=0.01, max_seconds=0.01)


def delivered(
    outbox: Outbox,
    document: dict[str, Any],
    receive: Callable[[], None] = lambda: None,
    give_up_hours: float = 72.0,
) -> list[dict[str, Any]]:
    """Run until nothing is pending; what the receiver was sent."""
    sent: list[dict[str, Any]] = []

    async def tell(delivery: Delivery, body: bytes) -> None:
        sent.append(orjson.loads(body))
        receive()

    async def held(ids: list[str]) -> dict[str, tuple[int, dict[str, Any]]]:
        return {"ap:1": (5 * REVISIONS + 1, {"id": "ap:1", **document})}

    async def work() -> None:
        task = asyncio.create_task(
            deliver(outbox, SAVED, "topic", tell, held, QUICK, give_up_hours)
        )
        async with asyncio.timeout(60):
            while outbox.counts()[State.PENDING] and not task.done():
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(work())
    return sent


@pytest.fixture
def outbox() -> Outbox:
    """One with one delivery."""
    made = Outbox(":memory:")
    made.add("a", ["topic"], "ap:1", 5, time.time())
    return made


def test_it_is_tried_until_it_is_taken(outbox: Outbox) -> None:
    """A receiver that is ill is told again, with the same id, and then no more."""
    left = [1, 2, 3]

    def receive() -> None:
        if left:
            left.pop()
            raise NotTaken("HTTP 503")

    sent = delivered(outbox, {"status": "usable"}, receive)
    assert len(sent) == 4
    assert len({body["id"] for body in sent}) == 1
    assert outbox.counts()[State.SENT] == 1


@pytest.mark.parametrize(
    ("error", "hours"), [(Gone("HTTP 410"), 72), (NotTaken("HTTP 500"), 1e-9)], ids=["gone", "late"]
)
def test_it_is_given_up_with_the_reason(outbox: Outbox, error: Exception, hours: float) -> None:
    """Who asks not to be told, and who has been ill for too long, is told no more."""

    def receive() -> None:
        raise error

    delivered(outbox, {"status": "usable"}, receive, hours)
    ((_, reason),) = outbox.dead()
    assert reason == str(error)


@pytest.mark.parametrize(
    "document",
    [
        {"status": "withdrawn"},
        {"status": "embargoed"},
        {"status": "usable", "embargoed_until": "2100-01-01T00:00:00Z"},
    ],
)
def test_what_is_hidden_by_now_is_not_sent(outbox: Outbox, document: dict[str, Any]) -> None:
    """What was withdrawn or put under an embargo since it was found goes to nobody."""
    assert delivered(outbox, document) == []
    assert outbox.counts()[State.HIDDEN] == 1


def test_what_is_overtaken_is_not_sent() -> None:
    """Of a version that a newer one has replaced nothing is sent."""
    outbox = Outbox(":memory:")
    outbox.add("a", ["topic"], "ap:1", 4, time.time())
    assert delivered(outbox, {"status": "usable"}) == []


@pytest.mark.parametrize(("status", "error"), [(302, NotTaken), (404, NotTaken), (410, Gone)])
def test_only_2xx_is_taken_and_no_redirect_followed(status: int, error: type[Exception]) -> None:
    """What is signed for one address goes to no other."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(status, headers={"location": "https://elsewhere.test/"})

    async def send() -> None:
        delivery = Outbox(":memory:")
        delivery.add("a", ["webhook"], "ap:1", 5, 0)
        found = delivery.next("a", "webhook", 1)
        assert found is not None
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            await post(client, "https://desk.test/", "s", found, b"{}", 0)

    with pytest.raises(error):
        asyncio.run(send())
    assert asked == ["https://desk.test/"]


def test_the_signature_is_the_standards() -> None:
    """The example of the Standard Webhooks specification's reference libraries verifies."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature("plain", "m", 0, b"") != signature("other", "m", 0, b"")


@pytest.mark.parametrize(
    ("document", "sent"),
    [({"status": "usable", "headline": "Ana wins"}, 1), ({"status": "withdrawn"}, 0)],
)
def test_what_is_breaking_is_told_with_a_story(document: dict[str, Any], sent: int) -> None:
    """Also with a newer version of it than was found; not with one that may not be shown."""
    outbox = Outbox(":memory:")
    about = {"kind": "person", "keys": ["person:Ana"], "name": "Ana", "stories": 9, "usual": 0.5}
    outbox.add_trend("a", ["topic"], "ap:1", 4, time.time(), about)
    bodies = delivered(outbox, document)
    assert len(bodies) == sent
    for body in bodies:
        assert (body["type"], body["about"]["name"]) == ("alert.breaking", "Ana")
        assert body["story"]["headline"] == "Ana wins"
        raw = orjson.dumps(body)
        assert messages.subject(raw) == "Breaking: Ana (9 stories, usually 0.5)"
        assert "Ana wins" in messages.text(raw)
