"""Which stories readers may see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.wire.story import Status

Body = dict[str, Any]
Clause = dict[str, Any]


def visible(now: datetime) -> Clause:
    """Return the clause of the stories that are neither withdrawn nor embargoed at `now`."""
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
    """Apply `visible` to a document, such as one that was read by its id."""
    status, until = document.get("status"), document.get("embargoed_until")
    if status == Status.WITHDRAWN:
        return False
    if until is None:
        return status != Status.EMBARGOED
    return datetime.fromisoformat(until) <= now


def iso(instant: datetime) -> str:
    """Return an instant as Elasticsearch reads it, in UTC."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
