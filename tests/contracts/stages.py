"""For each source, an outside world in which stories can be put where it finds them.

A stage yields how to put texts there and the options of a feed that reads them; another
entry of options reads from where nobody is.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from kafka import KafkaProducer

from newswire.servers.process import free_port
from tests.connectors.sources import servers
from tests.integration import topics
from tests.servers import engine

TOKEN = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Stage:
    """Where a source's stories come from."""

    put: Callable[[Sequence[str]], None]
    """Texts, each a line of a story; they stay there as the real thing keeps them."""
    options: dict[str, Any]
    nowhere: dict[str, Any] | None
    """Options that lead to nobody, None where there is nobody to be reached."""


@contextmanager
def directory(folder: Path) -> Iterator[Stage]:
    """Files, a second apart."""
    number = itertools.count()
    (folder / "in").mkdir()

    def put(texts: Sequence[str]) -> None:
        for text in texts:
            (folder / "in" / f"{next(number):03}.txt").write_text(text)

    yield Stage(
        put,
        {"path": str(folder / "in"), "settle_seconds": 0, "interval_seconds": 0.05},
        {"path": str(folder / "nowhere")},
    )


@contextmanager
def rss(folder: Path) -> Iterator[Stage]:
    """A document with all that was put, as long as it is."""
    lines: list[str] = []
    with servers.web() as web:

        def put(texts: Sequence[str]) -> None:
            lines.extend(texts)
            web.put("/rss", "\n".join(lines), etag=f'"{len(lines)}"')

        options = {"url": f"{web.url}/rss", "interval_seconds": 0.05}
        yield Stage(put, options, {"url": "http://127.0.0.1:9/rss"})


@contextmanager
def http(folder: Path) -> Iterator[Stage]:
    """Pages with links from each to the next, the last to one that is not full yet."""
    number = itertools.count()
    with servers.web() as web:

        def page(at: int, text: str | None) -> None:
            following = at if text is None else at + 1
            items = "[]" if text is None else f'["{text}"]'
            body = f'{{"items": {items}, "next": "/feed?seq={following}"}}'
            web.put("/feed" if at == 0 else f"/feed?seq={at}", body)

        def put(texts: Sequence[str]) -> None:
            for text in texts:
                at = next(number)
                page(at, text)
                page(at + 1, None)

        options = {
            "url": f"{web.url}/feed",
            "items": "items",
            "next": "next",
            "interval_seconds": 0.05,
            "requests_per_second": 1000,
        }
        yield Stage(put, options, {"url": "http://127.0.0.1:9/feed"})


@contextmanager
def imap(folder: Path) -> Iterator[Stage]:
    """Messages with growing UIDs."""
    uids = itertools.count(1)
    with servers.imap() as box:
        box.idle = True

        def put(texts: Sequence[str]) -> None:
            for text in texts:
                box.messages[next(uids)] = text.encode()

        options = {
            "host": "127.0.0.1",
            "port": box.port,
            "security": "none",
            "username": servers.USER,
            "password": servers.PASSWORD,
            "interval_seconds": 0.05,
        }
        yield Stage(put, options, {**options, "port": 9})


@contextmanager
def kafka(folder: Path) -> Iterator[Stage]:
    """Records on a topic."""
    with engine("embedded", folder / "other") as other:
        topic = f"other-{uuid4().hex[:8]}"
        topics.create(other.brokers, topic)

        def put(texts: Sequence[str]) -> None:
            producer = KafkaProducer(bootstrap_servers=other.brokers, acks="all")
            for text in texts:
                producer.send(topic, value=text.encode()).get(timeout=30)
            producer.close()

        options = {"brokers": other.brokers, "topic": topic}
        nowhere = {"brokers": "127.0.0.1:9", "topic": topic, "timeout_seconds": 0.2}
        yield Stage(put, options, nowhere)


@contextmanager
def webhook(folder: Path) -> Iterator[Stage]:
    """A sender that sends each text until it is accepted."""
    options = {"port": free_port(), "token": TOKEN, "timeout_seconds": 2}
    url, headers = f"http://127.0.0.1:{options['port']}/", {"authorization": f"Bearer {TOKEN}"}
    ended = threading.Event()
    senders = []

    def send(texts: Sequence[str]) -> None:
        for text in texts:
            accepted = False
            while not accepted and not ended.wait(0.01):
                try:
                    answer = httpx.post(url, content=text.encode(), headers=headers, timeout=10)
                    accepted = answer.status_code == 202
                except httpx.TransportError:
                    continue

    def put(texts: Sequence[str]) -> None:
        senders.append(threading.Thread(target=send, args=(texts,), daemon=True))
        senders[-1].start()

    try:
        yield Stage(put, options, None)
    finally:
        ended.set()
        for sender in senders:
            sender.join(timeout=20)


STAGES = {
    "directory": directory,
    "http": http,
    "imap": imap,
    "kafka": kafka,
    "rss": rss,
    "webhook": webhook,
}
