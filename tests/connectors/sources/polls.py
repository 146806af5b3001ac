"""Polling a source by hand, as the feed's loop does."""

from __future__ import annotations

from connectors.cursor import Acknowledged, Cursor
from connectors.sources import Delivery, Polled, Source


def take(source: Source, cursor: Cursor) -> list[Polled]:
    """One poll, acknowledged."""
    items = list(source.poll(cursor))
    state: dict[str, str | None] = {}
    for item in items:
        state.update(item.state)
    cursor.commit(Acknowledged(state=state))
    source.acknowledged([item for item in items if isinstance(item, Delivery)])
    return items


def texts(items: list[Polled]) -> list[bytes]:
    """The bytes of the deliveries."""
    return [item.raw for item in items if isinstance(item, Delivery)]
