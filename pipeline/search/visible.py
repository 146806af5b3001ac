"""Which stories a reader may see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.wire.story import Status

Body = dict[str, Any]
Clause = dict[str, Any]


def visible(now: datetime) -> Clause:
    """Stories that may be shown: neither withdrawn nor under an embargo at `now`."""
    return {
        "bool": {
            "must_not": [
                {"term": {"status": Status.WITHDRAWN.value}},
                {"range": {"embargoed_until": {"gt": iso(now)}}},
                {
                    "bool": {
                        "filter": [{"term": {"status": Status.EMBARGOED.value}}],
                        "must_not": [{"exists": {"field": "embargoed_until"}}],
                    }
                },
            ]
        }
    }


def is_visible(document: dict[str, Any], now: datetime) -> bool:
    """`visible` for a document at hand, say one that was fetched by its id."""
    status, until = document.get("status"), document.get("embargoed_until")
    if status == Status.WITHDRAWN:
        return False
    if until is None:
        return status != Status.EMBARGOED
    return datetime.fromisoformat(until) <= now


def iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
