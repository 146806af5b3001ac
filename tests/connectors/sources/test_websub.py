"""WebSub: a hub's notification makes the feed poll at once, and nothing depends on the hub."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectors.cursor import Cursor
from connectors.sources.addresses import address
from connectors.sources.fetch import Page
from connectors.sources.rss import Rss, RssOptions
from connectors.sources.websub import hub_of
from tests.connectors.sources.polls import take, texts

FEED = "https://wire.example/feed"
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><link rel="hub" href="https://hub.example/?a=1&amp;b"/>
<link rel="self" href="https://wire.example/feed"/><title>{0}</title></feed>"""


class World:
    """A feed with a hub, and what the hub was asked."""

    def __init__(self) -> None:
        self.document = ATOM.format("one").encode()
        self.requests: list[httpx.Request] = []
        self.hub_status = 202

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.method == "POST":
            return httpx.Response(self.hub_status)
        etag = f'"{hash(self.document)}"'
        if request.headers.get("if-none-match") == etag:
            return httpx.Response(304)
        return httpx.Response(200, content=self.document, headers={"etag": etag})

    def asked(self) -> list[dict[str, str]]:
        """The forms that the hub was sent."""
        posts = [r for r in self.requests if r.method == "POST"]
        return [{k: v[0] for k, v in parse_qs(r.content.decode()).items()} for r in posts]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose names lead to public addresses."""
    monkeypatch.setattr("connectors.sources.rss.POLL_SECONDS", 0.05)

    def addresses(host: str, port: int) -> list[Any]:
        return [address("10.0.0.1" if "inside" in host else "93.184.216.34")]

    monkeypatch.setattr("connectors.sources.fetch._addresses", addresses)
    return World()


@pytest.fixture
def rss(world: World) -> Iterator[Rss]:
    """The feed, which is polled every 1,000 seconds."""
    options = RssOptions(
        url=FEED, interval_seconds=1000, websub_callback="https://news.example/websub/world"
    )
    made = Rss(options, transport=httpx.MockTransport(world.answer))
    yield made
    made.close()


def endpoint(rss: Rss) -> str:
    assert rss.subscription
    assert rss.subscription.url
    return rss.subscription.url


def verify(rss: Rss, **changed: str) -> httpx.Response:
    """The hub's question whether the feed has asked for the subscription."""
    query = {
        "hub.mode": "subscribe",
        "hub.topic": FEED,
        "hub.challenge": "prove it",
        "hub.lease_seconds": "1000",
        **{f"hub.{name}": value for name, value in changed.items()},
    }
    return httpx.get(endpoint(rss), params=query)


def notify(rss: Rss, secret: str, body: bytes = b"news", algorithm: str = "sha256") -> int:
    signature = hmac.new(secret.encode(), body, algorithm).hexdigest()
    headers = {"x-hub-signature": f"{algorithm}={signature}"}
    return httpx.post(endpoint(rss), content=body, headers=headers).status_code


def subscribed(rss: Rss, world: World, cursor: Cursor) -> str:
    """Subscribe, and return the secret that the hub has."""
    assert texts(take(rss, cursor)) == [world.document]
    (form,) = world.asked()
    assert verify(rss).text == "prove it"
    return form["hub.secret"]


def test_subscribes_to_the_hub_of_the_document(rss: Rss, world: World, cursor: Cursor) -> None:
    """The hub is asked for the document's own address, and its question is answered."""
    subscribed(rss, world, cursor)
    (form,) = world.asked()
    assert form["hub.mode"] == "subscribe"
    assert form["hub.topic"] == FEED
    assert form["hub.callback"] == "https://news.example/websub/world"
    assert len(form["hub.secret"]) == 64
    post = world.requests[-1]
    assert (post.headers["host"], post.url.query) == ("hub.example", b"a=1&b")
    assert endpoint(rss).endswith("/websub/world")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_a_notification_polls_at_once(
    rss: Rss, world: World, cursor: Cursor, algorithm: str
) -> None:
    """A signed notification makes the next poll fetch the document from the feed's address."""
    secret = subscribed(rss, world, cursor)
    world.document = ATOM.format("two").encode()
    assert take(rss, cursor) == []
    assert rss.interval_seconds == 0
    assert notify(rss, secret, b"not what is delivered", algorithm) == 202
    assert texts(take(rss, cursor)) == [world.document]
    assert take(rss, cursor) == []


def test_a_forged_notification_does_nothing(rss: Rss, world: World, cursor: Cursor) -> None:
    """Without the secret nobody makes the feed poll, and the answer tells nothing."""
    subscribed(rss, world, cursor)
    asked = len(world.requests)
    assert notify(rss, "another secret") == 202
    assert httpx.post(endpoint(rss), content=b"news").status_code == 202
    md5 = hmac.new(b"x", b"news", "md5").hexdigest()
    httpx.post(endpoint(rss), content=b"news", headers={"x-hub-signature": f"md5={md5}"})
    assert take(rss, cursor) == []
    assert len(world.requests) == asked


@pytest.mark.parametrize(
    "changed", [{"topic": "https://other.example/"}, {"mode": "unsubscribe"}, {"mode": "x"}]
)
def test_other_subscriptions_are_not_confirmed(
    rss: Rss, world: World, cursor: Cursor, changed: dict[str, str]
) -> None:
    """A hub's question about another topic, or an end nobody asked for, is answered 404."""
    take(rss, cursor)
    assert verify(rss, **changed).status_code == 404
    assert rss.subscription
    assert not rss.subscription.active


def test_a_hub_that_refuses(rss: Rss, world: World, cursor: Cursor) -> None:
    """Without a confirmed subscription the feed is polled as often as without a hub."""
    world.hub_status = 500
    assert texts(take(rss, cursor)) == [world.document]
    world.document = ATOM.format("two").encode()
    assert texts(take(rss, cursor)) == [world.document]
    assert rss.interval_seconds == 1000
    assert len(world.asked()) == 1  # and is not asked again at once


def test_a_lease_that_ends(
    rss: Rss, world: World, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subscription is renewed before its lease ends, and the feed is polled after it."""
    subscribed(rss, world, cursor)
    monkeypatch.setattr("connectors.sources.websub.RETRY_SECONDS", 0.0)
    verify(rss, lease_seconds="0")
    world.document = ATOM.format("two").encode()
    assert texts(take(rss, cursor)) == [world.document]
    assert len(world.asked()) == 2


def test_an_unacknowledged_document_comes_again(rss: Rss, world: World, cursor: Cursor) -> None:
    """What the broker did not acknowledge is fetched again without a notification."""
    secret = subscribed(rss, world, cursor)
    world.document = ATOM.format("two").encode()
    notify(rss, secret)
    assert texts(list(rss.poll(cursor))) == [world.document]
    assert texts(take(rss, cursor)) == [world.document]
    assert take(rss, cursor) == []


def test_a_restart_knows_the_hub(rss: Rss, world: World, cursor: Cursor) -> None:
    """A document that has not changed since the last run is subscribed to all the same."""
    subscribed(rss, world, cursor)
    again = Rss(
        RssOptions(url=FEED, websub_callback="https://news.example/websub/world"),
        transport=httpx.MockTransport(world.answer),
    )
    assert take(again, cursor) == []
    again.close()
    assert len(world.asked()) == 2


def test_a_hub_inside(rss: Rss, world: World, cursor: Cursor) -> None:
    """A document can't make the feed send anything to a private address."""
    world.document = world.document.replace(b"hub.example", b"inside.example")
    take(rss, cursor)
    assert world.asked() == []


@pytest.mark.parametrize(
    ("raw", "link", "hub", "topic"),
    [
        (b"<rss/>", "", None, FEED),
        (b"<rss/>", '<https://h.example/>; rel="hub", </x>; rel=self', "https://h.example/", "/x"),
        (b'<rss><atom:link href="/hub" rel=\'hub\'/></rss>', "", "/hub", FEED),
        (b'{"hubs": [{"type": "WebSub", "url": "https://h.example/"}], "feed_url": "/f"}', "",
         "https://h.example/", "/f"),
        (b'{"hubs": 3}', "", None, FEED),
        (b"{" * 100_000, "", None, FEED),
    ],
)  # fmt: skip
def test_where_the_hub_is_named(raw: bytes, link: str, hub: str | None, topic: str) -> None:
    """The Link header, link elements and members of a JSON Feed name hub and topic."""
    page = Page(raw, {}, None, link)
    found = [f"https://wire.example{x}" if (x or "")[:1] == "/" else x for x in (hub, topic)]
    assert list(hub_of(page, FEED)) == found
