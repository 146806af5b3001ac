"""What a destination of alerts does."""

from __future__ import annotations

import hashlib

import orjson

from pipeline.alerts.outbox import Delivery, Kind
from pipeline.index.document import Document
from pipeline.search.exports import public


class NotTaken(Exception):
    """The receiver did not take it; try again later."""


class Gone(NotTaken):
    """It asks not to be told again (HTTP 410)."""


def content(delivery: Delivery, document: Document | None) -> bytes:
    """The body of a delivery as JSON; of a withdrawal no word of the story's."""
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
    """The delivery's id as a header takes it: a story's own id may hold anything."""
    return "msg_" + hashlib.blake2b(delivery.id.encode(), digest_size=16).hexdigest()
