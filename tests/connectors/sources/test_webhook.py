"""Stories pushed to us: accepted when Kafka has them, refused when they may not come."""

from __future__ import annotations

import hashlib
import hmac
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from config.feeds import Feed
from connectors.cursor import Cursor
from connectors.sources import Delivery, open_source
from connectors.sources.webhook import Webhook, WebhookOptions
from pipeline.process.guesses import MOST
from pipeline.wire.errors import ConfigError, SourceUnavailable
from tests.connectors.sources.polls import take, texts

TOKEN = "let me in, I am the sender"
SECRET = "what only the two of us know"
BEARER = {"authorization": "Bearer let me in, I am the sender"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls that wait a moment only."""
    monkeypatch.setattr("connectors.sources.webhook.POLL_SECONDS", 0.05)


@contextmanager
def webhook(**options: Any) -> Iterator[Webhook]:
    source = Webhook(
        WebhookOptions(**{"port": 0, "token": "let me in, I am the sender", **options})
    )
    try:
        yield source
    finally:
        source.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Senders that wait for their answers."""
    with ThreadPoolExecutor() as made:
        yield made


def listening(source: Webhook, cursor: Cursor) -> str:
    """Where it listens, once it does."""
    take(source, cursor)
    assert source.url
    return source.url


def post(url: str, raw: bytes, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(url, content=raw, headers=sent or BEARER, timeout=30)


def arrive(source: Webhook, cursor: Cursor, count: int) -> list[Delivery]:
    """Poll, without acknowledging, until so many requests wait."""
    for _ in range(400):
        found = [item for item in source.poll(cursor) if isinstance(item, Delivery)]
        if len(found) >= count:
            return found
    raise AssertionError(f"{count} requests did not arrive")


def test_accepted_only_when_acknowledged(cursor: Cursor, pool: ThreadPoolExecutor) -> None:
    """The sender is answered 202 after the cursor has its request, not before."""
    with webhook() as source:
        answer = pool.submit(post, listening(source, cursor), b"story")
        (delivery,) = arrive(source, cursor, 1)
        source.acknowledged(())
        assert not answer.done()
        source.acknowledged([delivery])
        assert answer.result(timeout=30).status_code == 202
        assert source.settled()


def test_unacknowledged_request_comes_again(cursor: Cursor, pool: ThreadPoolExecutor) -> None:
    """While the broker is away a request is given again at each poll, and answered once."""
    with webhook() as source:
        answer = pool.submit(post, listening(source, cursor), b"story")
        arrive(source, cursor, 1)
        assert texts(take(source, cursor)) == [b"story"]
        assert answer.result(timeout=30).status_code == 202
        assert texts(take(source, cursor)) == []


def test_only_what_is_acknowledged_is_accepted(cursor: Cursor, pool: ThreadPoolExecutor) -> None:
    """Of two requests in a poll, the one that a batch left out still waits."""
    with webhook() as source:
        url = listening(source, cursor)
        answers = {raw: pool.submit(post, url, raw) for raw in (b"one", b"two")}
        first, second = arrive(source, cursor, 2)
        source.acknowledged([first])
        assert answers[first.raw].result(timeout=30).status_code == 202
        assert not answers[second.raw].done()
        assert texts(take(source, cursor)) == [second.raw]
        assert answers[second.raw].result(timeout=30).status_code == 202


def test_broker_that_stays_away(cursor: Cursor, pool: ThreadPoolExecutor) -> None:
    """A sender that waited too long is told to send again, and its request is let go."""
    with webhook(timeout_seconds=0.2) as source:
        answer = pool.submit(post, listening(source, cursor), b"story")
        arrive(source, cursor, 1)
        refused = answer.result(timeout=30)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert texts(take(source, cursor)) == []


def test_back_pressure(cursor: Cursor, pool: ThreadPoolExecutor) -> None:
    """More requests than may wait are told to come later; a place that is free is given."""
    with webhook(max_waiting=2) as source:
        url = listening(source, cursor)
        waiting: list[Future[httpx.Response]] = [
            pool.submit(post, url, b"a"),
            pool.submit(post, url, b"b"),
        ]
        arrive(source, cursor, 2)
        refused = post(url, b"c")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        take(source, cursor)
        assert [answer.result(timeout=30).status_code for answer in waiting] == [202, 202]
        late = pool.submit(post, url, b"c")
        arrive(source, cursor, 1)
        take(source, cursor)
        assert late.result(timeout=30).status_code == 202


def test_back_pressure_by_bytes(cursor: Cursor, pool: ThreadPoolExecutor) -> None:
    """The bytes that wait are bounded too."""
    with webhook(max_bytes=100, max_waiting_bytes=100) as source:
        url = listening(source, cursor)
        first = pool.submit(post, url, b"x" * 60)
        arrive(source, cursor, 1)
        assert post(url, b"x" * 60).status_code == 429
        take(source, cursor)
        assert first.result(timeout=30).status_code == 202


@pytest.mark.parametrize(
    ("headers", "raw", "status"),
    [
        ({"authorization": "Bearer wrong"}, b"story", 401),
        ({"authorization": "let me in, I am the sender"}, b"story", 401),
        ({"x": "y"}, b"story", 401),
        ({**BEARER, "content_encoding": "gzip"}, b"story", 415),
        (BEARER, b"x" * 101, 413),
        (BEARER, b"", 400),
    ],
)
def test_refused(cursor: Cursor, headers: dict[str, str], raw: bytes, status: int) -> None:
    """What may not come is refused and never given to the feed."""
    with webhook(max_bytes=100) as source:
        url = listening(source, cursor)
        assert post(url, raw, **headers).status_code == status
        assert texts(take(source, cursor)) == []


def test_unannounced_length(cursor: Cursor) -> None:
    """A body in chunks is bounded like any other."""
    with webhook(max_bytes=100) as source:
        url = listening(source, cursor)
        answer = httpx.post(url, content=iter([b"x" * 60, b"x" * 60]), headers=BEARER, timeout=30)
        assert answer.status_code == 413


def test_elsewhere_and_otherwise(cursor: Cursor) -> None:
    """Another path and another method are not for us."""
    with webhook(path="/wire") as source:
        url = listening(source, cursor)
        assert url.endswith("/wire")
        assert post(url + "/more", b"story").status_code == 404
        assert httpx.get(url, headers=BEARER).status_code == 405


@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_signature(cursor: Cursor, pool: ThreadPoolExecutor, prefix: str) -> None:
    """A body signed with the secret is taken, one that was changed on the way is not."""
    with webhook(token=None, hmac_secret=SECRET, signature_header="X-Sig") as source:
        url = listening(source, cursor)
        signature = prefix + hmac.new(SECRET.encode(), b"story", hashlib.sha256).hexdigest()
        assert post(url, b"other", x_sig=signature).status_code == 401
        assert post(url, b"story", x="y").status_code == 401
        answer = pool.submit(post, url, b"story", x_sig=signature)
        arrive(source, cursor, 1)
        assert texts(take(source, cursor)) == [b"story"]
        assert answer.result(timeout=30).status_code == 202


def test_close_tells_who_waits(cursor: Cursor, pool: ThreadPoolExecutor) -> None:
    """When the feed ends, those who wait are told to send again."""
    with webhook() as source:
        answer = pool.submit(post, listening(source, cursor), b"story")
        arrive(source, cursor, 1)
    assert answer.result(timeout=30).status_code == 503


def test_address_in_use(cursor: Cursor) -> None:
    """An address that somebody else has is a failure of the source, to be tried again."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with webhook(port=port) as source, pytest.raises(SourceUnavailable, match=str(port)):
            take(source, cursor)


def test_unguarded_webhook_is_refused() -> None:
    """A webhook that anybody could write to is an error of the configuration."""
    with pytest.raises(ValidationError, match="token"):
        WebhookOptions(port=8001)


@pytest.mark.parametrize("key", ["token", "hmac_secret"])
@pytest.mark.parametrize("secret", ["let me in", "0123456789abcdef", "a" * 64])
def test_a_weak_secret_is_refused(key: str, secret: str) -> None:
    """A secret of fewer than 128 random bits stops the start, with a sentence without it."""
    feed = Feed(
        name="w",
        source="webhook",
        options={"port": 8001, key: secret},
        from_environment=frozenset({key}),
    )
    with pytest.raises(ConfigError, match=rf"feeds\.w\.{key} in .*128 random bits") as caught:
        open_source(feed, "feeds.toml")
    assert secret not in str(caught.value)


def test_guesses_are_slowed(cursor: Cursor, pool: ThreadPoolExecutor) -> None:
    """After some wrong tokens further ones are refused for a while; the right one is accepted."""
    with webhook() as source:
        url = listening(source, cursor)
        for n in range(MOST):
            assert post(url, b"x", authorization=f"Bearer guess {n}").status_code == 401
        refused = post(url, b"x", authorization="Bearer another guess")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        answer = pool.submit(post, url, b"x")
        arrive(source, cursor, 1)
        take(source, cursor)
        assert answer.result(timeout=30).status_code == 202


def test_a_poll_that_breaks_off_forgets_no_request(
    cursor: Cursor, pool: ThreadPoolExecutor
) -> None:
    """Requests that a poll had not yielded when the broker failed are yielded by the next."""
    with webhook() as source:
        url = listening(source, cursor)
        answers = [pool.submit(post, url, raw) for raw in (b"one", b"two")]
        while source._receiver._queue.qsize() < 2:
            pass
        polled = source.poll(cursor)
        next(polled)
        polled.close()  # type: ignore[attr-defined]
        assert sorted(texts(take(source, cursor))) == [b"one", b"two"]
        assert {answer.result(timeout=30).status_code for answer in answers} == {202}


@contextmanager
def connections(url: str, count: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """Clients that connect and send no complete request."""
    address = (httpx.URL(url).host, httpx.URL(url).port or 0)
    opened = [socket.create_connection(address, timeout=20) for _ in range(count)]
    for one in opened:
        one.sendall(sent)
    try:
        yield opened
    finally:
        for one in opened:
            one.close()


def accepted(source: Webhook, cursor: Cursor, pool: ThreadPoolExecutor, url: str) -> bool:
    """Whether a sender with the right token is answered 202."""
    answer = pool.submit(post, url, b"story")
    arrive(source, cursor, 1)
    take(source, cursor)
    return answer.result(timeout=30).status_code == 202


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_silent_connections_do_not_block(
    cursor: Cursor, pool: ThreadPoolExecutor, sent: bytes
) -> None:
    """However many connections send nothing or half a header, a sender is still accepted."""
    with webhook(max_waiting=2) as source:
        url = listening(source, cursor)
        with connections(url, 400, sent):
            assert accepted(source, cursor, pool, url)


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"],
)
def test_header_deadline(cursor: Cursor, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """A connection without a complete request, or a refused one that stays open, is closed."""
    monkeypatch.setattr("pipeline.process.connections.HEADER_SECONDS", 0.2)
    with webhook() as source, connections(listening(source, cursor), 1, sent) as (client,):
        try:
            while client.recv(1000):
                pass
        except ConnectionResetError:
            pass


def test_slow_bodies_do_not_take_all_places(
    cursor: Cursor, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the body is signed, slow uploads without a signature give way to a sender."""
    monkeypatch.setattr("connectors.sources.receiver.UPLOAD_SECONDS", 0.0)
    with webhook(token=None, hmac_secret=SECRET, max_waiting=2) as source:
        url = listening(source, cursor)
        slow = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"
        with connections(url, 2, slow) as clients:
            while len(source._receiver._places) < 2:
                pass
            signature = hmac.new(SECRET.encode(), b"story", hashlib.sha256).hexdigest()
            answer = pool.submit(post, url, b"story", x_hub_signature_256=signature)
            arrive(source, cursor, 1)
            take(source, cursor)
            assert answer.result(timeout=30).status_code == 202
            assert clients[0].recv(1000).startswith(b"HTTP/1.1 408")


def test_slow_body(cursor: Cursor) -> None:
    """A body that takes longer than timeout_seconds is refused with 408."""
    with webhook(timeout_seconds=0.2) as source:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer let me in, I am the sender\r\n"
        sent = head + b"Content-Length: 9\r\n\r\n1"
        with connections(listening(source, cursor), 1, sent) as (client,):
            assert client.recv(1000).startswith(b"HTTP/1.1 408")
