"""Which regions the stories of each feed name, as an aggregation: what its home is learned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from pipeline.enrich.geo import home
from pipeline.enrich.geo.home import Learned, learned
from pipeline.search.activity import MAX_FEEDS
from pipeline.search.visible import ANYBODY, Body, iso, visible

AGES = (0, 5, 10, 20, 30, 45, 60, 90, 120, 180, 365)
"""Days that part spans of stories which count alike; what is older than the last does not count."""
MOST = 30
"""Regions of a feed and span: the most frequent ones."""


def body(now: datetime) -> Body:
    """Return the search for the regions that visible stories name, by feed and age."""
    spans: Body = {}
    for newest, oldest in pairwise(AGES):
        times = {"gte": iso(now - timedelta(days=oldest))}
        if newest:
            times["lt"] = iso(now - timedelta(days=newest))
        spans[f"{newest}-{oldest}"] = {
            "filter": {"range": {"published_at": times}},
            "aggs": {
                "divisions": {"terms": {"field": "divisions", "size": MOST}},
                "countries": {"terms": {"field": "countries", "size": MOST}},
            },
        }
    feeds = {"terms": {"field": "feed", "size": MAX_FEEDS}, "aggs": spans}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": [visible(now, ANYBODY), {"exists": {"field": "divisions"}}]}},
        "aggs": {"feeds": feeds},
    }


def homes(response: Mapping[str, Any]) -> dict[str, Learned]:
    """Return the home that each feed's stories speak for, by the feed's name."""
    found = {}
    for feed in response["aggregations"]["feeds"]["buckets"]:
        counts: Counter[str] = Counter()
        stories = 0.0
        for newest, oldest in pairwise(AGES):
            span = feed[f"{newest}-{oldest}"]
            weight = home.weight((newest + oldest) / 2)
            stories += weight * span["doc_count"]
            for field in ("divisions", "countries"):
                for bucket in span[field]["buckets"]:
                    if field == "countries" or "-" in bucket["key"]:
                        counts[bucket["key"]] += weight * bucket["doc_count"]
        found[feed["key"]] = learned(counts, stories)
    return found
