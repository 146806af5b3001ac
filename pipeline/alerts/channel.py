"""What a kind of destination of alerts must do: see `pipeline.alerts.channels` for the list."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import Any, ClassVar

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


def content(delivery: Delivery, document: Document | None) -> bytes:
    """Return the body of a delivery as JSON; of a withdrawal, without any text of the story."""
    body: dict[str, object] = {
        "type": f"alert.{delivery.kind}",
        "id": delivery.id,
        "alert": delivery.alert,
        "story_id": delivery.story,
        "rank": delivery.rank,
    }
    if delivery.kind is Kind.STORY and document is not None:
        body["story"] = public(document)
    return orjson.dumps(body)


def message_id(delivery: Delivery) -> str:
    """Return the delivery's id as a header takes it: a story's own id may hold anything."""
    return "msg_" + hashlib.blake2b(delivery.id.encode(), digest_size=16).hexdigest()
