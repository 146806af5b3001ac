"""What a kind of destination of alerts must do: see `pipeline.alerts.channels` for the list."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import orjson

from config.alerts import Alert
from config.settings import Settings
from pipeline.alerts.outbox import Delivery, Kind
from pipeline.index.document import Document
from pipeline.search.exports import public


class NotTaken(Exception):
    """The receiver did not take a delivery; a later try may work."""


class Gone(NotTaken):
    """The receiver asks for no further deliveries (HTTP 410)."""


class Channel(ABC):
    """One kind of destination, opened once by the alerts process."""

    key: ClassVar[str]
    """In an alert's table: its value is passed to `check` and `send`."""
    brief: ClassVar[bool] = False
    """Whether people read it: they get headline and link, of feeds that do not permit text."""

    @abstractmethod
    def __init__(self, settings: Settings) -> None:
        """Connect to nothing yet."""

    @classmethod
    @abstractmethod
    def check(cls, alert: Alert, value: Any) -> None:
        """Check an alert's value of the key.

        Raises:
            ValueError: it can't be used; the sentence follows the key's name and the file.
        """

    @abstractmethod
    async def send(self, alert: Alert, delivery: Delivery, body: bytes) -> None:
        """Send a body; return once the receiver has taken it.

        Raises:
            NotTaken: it did not.
        """

    async def close(self) -> None:
        """Close connections."""
        return


LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def stays_here(alert: Alert, key: str) -> bool:
    """Return whether a destination of an alert is on this machine."""
    if key == "webhook":
        return urlsplit(str(alert.keys[key])).hostname in LOCAL
    return key == "topic"


BRIEF = ("id", "source", "headline", "slugline", "urgency", "language", "version", "published_at")
"""The fields of a story in a brief message."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a delivery says of a story."""

    brief: bool = False
    """Headline and link alone, unless the story's feed permits its text."""
    text_feeds: frozenset[str] = frozenset()
    """The feeds that permit it."""
    page: str | None = None
    """Address of the search page, for links to stories."""

    def url(self, story: str) -> str | None:
        """Return the address of a story's page; None if the page's own is not known."""
        return f"{self.page}/story/{quote(story, safe=':@')}" if self.page else None

    def story(self, document: Document) -> dict[str, object]:
        """Return what is sent of a story."""
        if not self.brief:
            return public(document)
        told = {name: document[name] for name in BRIEF if document.get(name) is not None}
        if document.get("feed") in self.text_feeds:
            told["body"] = document.get("body")
        if url := self.url(document["id"]):
            told["url"] = url
        return told


WHOLE = Form()


def content(
    delivery: Delivery, document: Document | None, form: Form = WHOLE, title: str = ""
) -> bytes:
    """Return the body of a delivery as JSON; of a withdrawal, without any text of the story."""
    body: dict[str, object] = {
        "type": f"alert.{delivery.kind}",
        "id": delivery.id,
        "alert": delivery.alert,
        "story_id": delivery.story,
        "rank": delivery.rank,
    }
    if delivery.kind is Kind.BREAKING:
        body["about"] = orjson.loads(delivery.about or "{}")
    if delivery.kind in (Kind.STORY, Kind.BREAKING) and document is not None:
        body["story"] = form.story(document)
    if form.brief:
        body |= {"title": title, "url": form.url(delivery.story)}
    return orjson.dumps(body)


def digest(delivery: Delivery, documents: Sequence[Document], form: Form, title: str) -> bytes:
    """Return the body of one message of several stories, which the first delivery stands for."""
    stories = [form.story(document) for document in documents]
    body = {"type": "alert.digest", "id": f"{delivery.id}:digest", "alert": delivery.alert}
    return orjson.dumps({**body, "title": title, "stories": stories})


def message_id(delivery: Delivery) -> str:
    """Return the delivery's id as a header takes it: a story's own id may hold anything."""
    return "msg_" + hashlib.blake2b(delivery.id.encode(), digest_size=16).hexdigest()
