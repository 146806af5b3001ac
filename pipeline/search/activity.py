"""Recent activity of each feed, from the index: rates, last story, delays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.search.visible import Body

MAX_FEEDS = 500
SPANS = {
    "5 min": timedelta(minutes=5),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
DELAYS_OVER = "day"
"""The span whose stories the average delays are of."""


_TIMES = ("indexed_at", "received_at")


@dataclass(frozen=True, slots=True)
class FeedActivity:
    """The activity of one feed; kills count too."""

    name: str
    stories: int
    indexed: Mapping[str, int]
    """Stories indexed in each of SPANS, by its name."""
    received_at: datetime | None
    """When the last one was received, and when it was indexed."""
    indexed_at: datetime | None
    enrichment_seconds: float | None
    """Average time from delivery to enrichment."""
    indexing_seconds: float | None
    """Average time from enrichment to the index."""


def body(now: datetime) -> Body:
    """Return the search for all feeds. It hides nothing, so it is not for readers."""
    spans: Body = {
        name: {"filter": {"range": {"indexed_at": {"gte": (now - span).isoformat()}}}}
        for name, span in SPANS.items()
    }
    spans[DELAYS_OVER]["aggs"] = {
        "enrichment": {"avg": {"field": "enrichment_delay_ms"}},
        "indexing": {"avg": {"field": "indexing_delay_ms"}},
    }
    # Not `max`: noida-db has no maximum of dates.
    order = [{name: "desc"} for name in _TIMES]
    newest = {"top_hits": {"size": 1, "sort": order, "_source": list(_TIMES)}}
    feeds = {"terms": {"field": "feed", "size": MAX_FEEDS}, "aggs": {**spans, "last": newest}}
    return {"size": 0, "track_total_hits": False, "aggs": {"feeds": feeds}}


def activity(response: Mapping[str, Any]) -> list[FeedActivity]:
    """Return the feeds of a response, by name."""
    buckets = response["aggregations"]["feeds"]["buckets"]
    return [_feed(bucket) for bucket in sorted(buckets, key=lambda b: str(b["key"]))]


def _feed(bucket: Mapping[str, Any]) -> FeedActivity:
    recent = bucket[DELAYS_OVER]
    last = bucket["last"]["hits"]["hits"][0]["_source"]
    return FeedActivity(
        name=bucket["key"],
        stories=bucket["doc_count"],
        indexed={name: bucket[name]["doc_count"] for name in SPANS},
        received_at=_instant(last.get("received_at")),
        indexed_at=_instant(last.get("indexed_at")),
        enrichment_seconds=_seconds(recent["enrichment"].get("value")),
        indexing_seconds=_seconds(recent["indexing"].get("value")),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
