"""Near-duplicates in a listing: one story of each set leads, the others are hidden behind it.

A story is hidden behind the first story of the listing that it is a near-duplicate of, on whatever
page that is; if that one is hidden behind a third, so is the story. So a listing shows the same
stories whatever its page size, and nothing about groups is stored: each hit has its fingerprint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pipeline.index.fingerprint import Fingerprint, are_near, from_fields
from pipeline.search.visible import Body, Clause

MAX_CANDIDATES = 500
"""Possible near-duplicates considered for a page: the first of the listing."""
FIELDS = ("id", "source", "headline", "slugline", "published_at", "fingerprint")

Hits = Sequence[dict[str, Any]]


def candidates(body: Body, hits: Hits) -> Body | None:
    """Return the search, in the listing's order, for possible near-duplicates of some hits.

    Args:
        body: the listing's search.
        hits: a page of it; the result is None if no hit has a fingerprint.
    """
    bands = {
        band for hit in hits for band in hit["_source"].get("fingerprint", {}).get("bands", ())
    }
    if not bands:
        return None
    sharing = {"terms": {"fingerprint.bands": sorted(bands)}}
    return listing(body, sharing, MAX_CANDIDATES, FIELDS)


def listing(body: Body, among: Clause, size: int, fields: Sequence[str]) -> Body:
    """Return the search for a listing's hits among some stories, in the listing's order."""
    kept = {key: body[key] for key in ("sort", "post_filter") if key in body}
    return kept | {
        "size": size,
        "track_total_hits": False,
        "_source": list(fields),
        "query": {"bool": {"must": [body["query"]], "filter": [among]}},
    }


def standing(hits: Hits, listed: Hits) -> dict[str, list[dict[str, Any]]]:
    """Return the hits of a page that lead a set, by id, each with those hidden behind it.

    Args:
        hits: the page.
        listed: what `candidates` found.
    """
    leader = leaders(listed)
    found: dict[str, list[dict[str, Any]]] = {
        hit["_id"]: [] for hit in hits if leader.get(hit["_id"], hit["_id"]) == hit["_id"]
    }
    for hit in listed:
        if leader[hit["_id"]] != hit["_id"] and leader[hit["_id"]] in found:
            found[leader[hit["_id"]]].append(hit)
    return found


def leaders(listed: Hits) -> dict[str, str]:
    """Return, for each hit of a listing, the one that leads its set: often itself.

    Args:
        listed: hits in the listing's order.
    """
    leader: dict[str, str] = {}
    prints: dict[int, Fingerprint] = {}
    by_band: dict[str, list[int]] = defaultdict(list)
    names = [hit["_id"] for hit in listed]
    for rank, hit in enumerate(listed):
        leader[names[rank]] = names[rank]
        if fields := hit["_source"].get("fingerprint"):
            mine = prints[rank] = from_fields(fields)
            earlier = sorted({other for band in mine.bands for other in by_band[band]})
            first = next((other for other in earlier if are_near(mine, prints[other])), rank)
            leader[names[rank]] = leader[names[first]]
            for band in mine.bands:
                by_band[band].append(rank)
    return leader
