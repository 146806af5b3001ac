"""Alerts of editors: read while the process runs, brief, for their own eyes, and as digests."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest

from config.alerts import Alert
from config.settings import Alerts, Retry, Settings
from pipeline.alerts import messages, service
from pipeline.alerts.channel import Form, NotTaken, content
from pipeline.alerts.delivering import deliver
from pipeline.alerts.kept import kept_searches
from pipeline.alerts.outbox import Delivery, Kind, Outbox, State
from pipeline.alerts.saved import Saved
from pipeline.alerts.webhook import Webhook
from pipeline.desk.alerts import PageAlert, Way
from pipeline.desk.users import Users
from pipeline.index.kept import Kept
from pipeline.index.kept import Kind as Thing
from pipeline.search.request import SearchRequest
from pipeline.search.visible import Role, Viewer
from pipeline.wire.errors import IndexUnavailable
from pipeline.wire.versions import REVISIONS

PAGE = "https://wire.example.org"
STORY = {
    "id": "ap:1",
    "headline": "Flood in\r\nBcc: x@y.org Lyon",
    "body": "The text.",
    "source": "AP",
    "feed": "ap",
    "status": "usable",
}
DELIVERY = Delivery(1, "page-x", "email", "ap:1", 5, Kind.STORY, 0, 1.0)


class Kepts:
    """What editors keep."""

    def __init__(self, *kept: tuple[str, str, dict[str, Any]]) -> None:
        self._kept = kept

    async def everybodys(self, kind: Thing) -> list[tuple[str, Kept]]:
        """See `pipeline.index.kept.Desk`."""
        at = datetime.now(UTC)
        return [(owner, Kept(kind=kind, name=n, at=at, data=data)) for owner, n, data in self._kept]


def test_only_what_can_be_used_is_read(tmp_path: Path) -> None:
    """Of editors of today, with searches that are understood; a webhook's address is guarded."""
    users = Users(tmp_path)
    users.add("ana", Role.EDITOR, ["AP"])
    users.add("ben", Role.READER, None)
    good = {"search": {"q": "flood"}, "way": "webhook", "address": "https://h.example.org"}
    desk: Any = Kepts(
        ("user:ana", "Floods", {**good, "secret": "s" * 20, "minutes": 60}),
        ("user:ana", "Unknown filter", {**good, "search": {"colour": "red"}}),
        ("user:ana", "Unknown way", {**good, "way": "pigeon"}),
        ("user:ana", "No mail server", {**good, "way": "email", "address": "a@b.org"}),
        ("user:ben", "A reader's", good),
        ("user:gone", "Of a removed user", good),
    )
    (saved,) = asyncio.run(kept_searches(desk, users, Settings(data_dir=tmp_path)))
    assert (saved.title, saved.minutes, saved.brief) == ("Floods", 60, True)
    assert saved.viewer == Viewer(Role.READER, ("AP",))
    assert saved.request == SearchRequest(q="flood")
    assert saved.alert.guarded


def test_messages_carry_headline_and_link() -> None:
    """The text only of feeds that permit it; a headline adds no line to a mail's head."""
    brief = orjson.loads(content(DELIVERY, STORY, Form(brief=True, page=PAGE), "Floods"))
    assert brief["story"]["url"] == f"{PAGE}/story/ap:1"
    assert "body" not in brief["story"]
    permitted = Form(brief=True, text_feeds=frozenset({"ap"}), page=PAGE)
    assert "The text." in messages.text(content(DELIVERY, STORY, permitted, "Floods"))
    body = content(DELIVERY, STORY, Form(brief=True, page=PAGE))
    assert messages.subject(body) == "Flood in Bcc: x@y.org Lyon"
    assert "The text." not in messages.text(body)
    whole = orjson.loads(content(DELIVERY, STORY))
    assert whole["story"]["body"] == "The text."


def test_a_withdrawal_is_told_without_the_story() -> None:
    """With the address of its notice."""
    kill = Delivery(2, "page-x", "email", "ap:1", 6, Kind.WITHDRAWN, 0, 1.0)
    body = content(kill, None, Form(brief=True, page=PAGE), "Floods")
    assert "Flood in" not in messages.text(body)
    assert f"{PAGE}/story/ap:1" in messages.text(body)
    assert messages.subject(body).startswith("Withdrawn")


def run(outbox: Outbox, saved: Saved, documents: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What a receiver was sent, once nothing is pending."""
    sent: list[dict[str, Any]] = []
    refusals = [1]

    async def tell(delivery: Delivery, body: bytes) -> None:
        if refusals:
            refusals.pop()
            raise NotTaken("busy")
        sent.append(orjson.loads(body))

    async def held(ids: Sequence[str]) -> dict[str, tuple[int, dict[str, Any]]]:
        return {id: (5 * REVISIONS, {"id": id, **documents[id]}) for id in ids}

    async def work() -> None:
        quick = Retry(base_seconds=0.01, max_seconds=0.01)
        task = asyncio.create_task(
            deliver(outbox, saved, "email", tell, held, quick, 72.0, Form(brief=True))
        )
        async with asyncio.timeout(60):
            while outbox.counts()[State.PENDING] and not task.done():
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(work())
    return sent


def test_a_digest_holds_what_may_be_seen_when_it_is_sent() -> None:
    """One message of all stories, without what was killed, embargoed or is of another source."""
    saved = Saved(
        Alert("page-x"),
        SearchRequest(),
        ("email",),
        Viewer(sources=("AP",)),
        "Floods",
        brief=True,
        minutes=60,
    )
    outbox = Outbox(":memory:")
    documents = {
        "a": {"status": "usable", "source": "AP"},
        "b": {"status": "usable", "source": "AFP"},
        "c": {"status": "withdrawn", "source": "AP"},
        "d": {"status": "usable", "source": "AP", "embargoed_until": "2100-01-01T00:00:00Z"},
        "e": {"status": "usable", "source": "AP"},
    }
    for name in documents:
        outbox.add("page-x", ["email"], name, 5, time.time() - 3700)
    (told,) = run(outbox, saved, documents)
    assert told["type"] == "alert.digest"
    assert [story["id"] for story in told["stories"]] == ["a", "e"]
    assert outbox.counts()[State.SENT] == 2
    assert outbox.counts()[State.HIDDEN] == 3
    assert messages.subject(orjson.dumps(told)) == "2 stories: Floods"
    outbox.withdraw("a", 6, time.time())
    (kill,) = run(outbox, saved, documents)
    assert kill["type"] == "alert.withdrawn"


def test_a_digest_waits() -> None:
    """A story that was just found is not sent before its time."""
    saved = Saved(Alert("x"), SearchRequest(), ("email",), brief=True, minutes=60)
    outbox = Outbox(":memory:")
    outbox.add("x", ["email"], "a", 5, time.time())

    async def never(*_: Any) -> Any:
        raise AssertionError("sent too early")

    async def work() -> None:
        task = asyncio.create_task(
            deliver(outbox, saved, "email", never, never, Retry(), 72.0, Form(brief=True))
        )
        async with asyncio.timeout(60):
            while outbox.next("x", "email", time.time()) and not task.done():
                await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(work())
    assert outbox.counts()[State.PENDING] == 1


def test_a_guarded_webhook_connects_to_no_private_address(tmp_path: Path) -> None:
    """The name is looked up when it is sent, and the connection goes to the address found then."""
    channel = Webhook(Settings(data_dir=tmp_path))
    alert = Alert("page-x", {"webhook": "https://localhost:1/x"}, guarded=True)
    with pytest.raises(NotTaken, match="private"):
        asyncio.run(channel.send(alert, DELIVERY, b"{}"))


def test_the_connection_goes_to_the_address_that_was_looked_up() -> None:
    """With the name in Host and in the handshake."""
    from pipeline.alerts.webhook import post

    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    async def work() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            url = "https://hooks.example.org:8443/x"
            await post(client, url, "s" * 20, DELIVERY, b"{}", 1, "203.0.113.7")

    asyncio.run(work())
    assert asked[0].url.host == "203.0.113.7"
    assert asked[0].url.port == 8443
    assert asked[0].headers["host"] == "hooks.example.org:8443"
    assert asked[0].extensions["sni_hostname"] == "hooks.example.org"


def test_a_masked_alert_holds_no_secret() -> None:
    """Neither a service's tokens nor a webhook's path."""
    made = PageAlert(search={}, way=Way.CHAT, address="slack://T/B/secret")
    assert made.masked == "slack://…"
    assert Alerts().chat_schemes == ()


def test_what_editors_change_counts_without_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new alert runs, a changed one runs again, a removed one ends; an absent index ends none."""
    monkeypatch.setattr(service, "KEPT_SECONDS", 0.01)
    outbox = Outbox(":memory:")
    outbox.add("a", ["topic"], "ap:1", 5, time.time())
    declared = Saved(Alert("declared"), SearchRequest(), ("topic",))
    first = Saved(Alert("a"), SearchRequest(), ("topic",), title="A")
    changed = Saved(Alert("a"), SearchRequest(q="x"), ("topic",), title="A")
    turns: list[Any] = [[first], IndexUnavailable("away"), [changed], []]
    seen: list[tuple[list[str], int]] = []
    running: set[asyncio.Task[None]] = set()
    matching: Any = SimpleNamespace(saved=[])

    async def kept() -> list[Saved]:
        seen.append(([s.title + s.request.q for s in matching.saved], len(running)))
        if not turns:
            raise asyncio.CancelledError
        turn = turns.pop(0)
        if isinstance(turn, Exception):
            raise turn
        return list(turn)

    def start(saved: Saved) -> list[asyncio.Task[None]]:
        task = asyncio.create_task(asyncio.sleep(60))
        running.add(task)
        task.add_done_callback(running.discard)
        return [task]

    async def work() -> None:
        async with asyncio.timeout(60):
            await service._keep_up([declared], kept, matching, outbox, start)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())
    assert seen == [
        ([], 0),
        (["", "A"], 2),
        (["", "A"], 2),
        (["", "Ax"], 2),
        ([""], 1),
    ]
    assert not running
    assert outbox.counts()[State.DEAD] == 1
