"""What the index knows about each field: the component and index template.

Mapping is strict: a field that is not here is rejected, so `tests` hold every field of
`pipeline.index.document` against it. Of `entities` and `places`, which hold all that is known
of a name, what is searched and counted stands in arrays at the root (`persons`, `locations` ...):
a nested object would be a document of its own to Elasticsearch, and a story brings eighty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.wire.labels import Label

SCHEMA = 5
"""Raised with every change of the mapping; `newswire setup` refuses an index of another."""

CODEC = "best_compression"
"""Of what is stored: Zstandard, which packs a document better than LZ4, for little more time."""

Field = dict[str, Any]

KEYWORD: Field = {"type": "keyword", "ignore_above": 1024}
DATE: Field = {"type": "date"}
INTEGER: Field = {"type": "integer"}
LONG: Field = {"type": "long"}
FLOAT: Field = {"type": "float"}
EXACT: Field = {"type": "text", "analyzer": "standard"}
"""Words as they are written, for phrases."""
TERMS: Field = {"type": "text", "analyzer": "whitespace"}
"""What `pipeline.index.stems` makes of a text, which every server takes as it is."""
APART = 5_000
"""Positions between two quotes: words that are nearer to each other stand in the same one."""
QUOTES: Field = {**TERMS, "position_increment_gap": APART}
"""Each with its speaker in front."""
UNSEARCHED: Field = {"index": False, "doc_values": False}
SOUGHT: Field = {**KEYWORD, "doc_values": False}
"""Found by its value, and neither counted nor sorted by."""
KEPT: Field = {"type": "keyword", **UNSEARCHED}
"""Kept in the source alone, as one value."""
STORED: Field = {"type": "object", "enabled": False}
"""Kept in the source, not searched: the offsets of mentions."""


def _object(**properties: Field) -> Field:
    return {"properties": properties}


COUNTED_TEXT: Field = {**EXACT, "fields": {"keyword": KEYWORD}}
"""A line to search by its words and to count by whole."""

FOLDED_TEXTS = ("headline", "slugline", "dateline", "summary", "body", "byline")
"""Texts that are also searched without accents and endings."""
FOLDED_NAMES = (
    *("place_names", "within", "keywords", "quoted"),
    *(label.field for label in Label if label.field),
)
"""Fields of names that are also found by their words, without case and accents."""
UNREAD = ("folded", "text")
"""Objects that are made of a document's other fields, to be searched and not to be read.

They are in the source all the same: to leave them out, Elasticsearch keeps the source twice.
"""


def properties(languages: Mapping[str, str]) -> dict[str, Field]:
    """Return the fields of a document, by name.

    Args:
        languages: analyzers of the server by language, {"ja": "kuromoji"}; each gets a field
            `text.<language>`.
    """
    by_language = {name: {"type": "text", "analyzer": own} for name, own in languages.items()}
    return {
        "id": KEYWORD,
        "former_ids": KEPT,
        "eve_id": KEPT,
        "source": KEYWORD,
        "provider_id": KEYWORD,
        "version": LONG,
        "status": KEYWORD,
        "status_sent": KEYWORD,
        "signal": KEYWORD,
        "signal_sent": KEYWORD,
        "headline": COUNTED_TEXT,
        "slugline": COUNTED_TEXT,
        "byline": COUNTED_TEXT,
        "dateline": _object(text=EXACT, place=COUNTED_TEXT, filed_on=DATE),
        "summary": EXACT,
        "body": EXACT,
        # The same words without accents and endings: `pipeline.index.stems`.
        "folded": _object(
            **dict.fromkeys((*FOLDED_TEXTS, *FOLDED_NAMES), TERMS),
            prominent=TERMS,
            quotes=QUOTES,
        ),
        # A language that the server has no analyzer for has no field, and is not refused.
        "text": {"type": "object", "dynamic": False, "properties": by_language},
        "language": KEYWORD,
        "urgency": INTEGER,
        "urgency_sent": KEYWORD,
        "priority": INTEGER,
        "categories": KEYWORD,
        "subjects": _object(code=KEYWORD, name=KEYWORD, scheme=KEYWORD, relation=KEYWORD),
        "keywords": KEYWORD,
        "genre": KEYWORD,
        "ednote": EXACT,
        "copyright": EXACT,
        "usage_terms": EXACT,
        "located": _object(
            name=KEYWORD,
            code=KEYWORD,
            scheme=KEYWORD,
            admin1=KEYWORD,
            country=KEYWORD,
            country_code=KEYWORD,
            latitude=FLOAT,
            longitude=FLOAT,
            role=KEYWORD,
        ),
        "first_created": DATE,
        "version_created": DATE,
        "embargoed_until": DATE,
        "claimed_source": KEYWORD,
        "text_source": KEYWORD,
        "zone_assumed": {"type": "boolean"},
        "charset_assumed": KEYWORD,
        "links": _object(href=KEYWORD, rel=KEYWORD, title=KEYWORD, type=KEYWORD),
        "received_at": DATE,
        "format": KEYWORD,
        "clock": KEPT,  # these two rank a record that is restored from its document
        "follows": {**INTEGER, **UNSEARCHED},
        "feed": KEYWORD,
        # Derived from the story: when this version counts as published.
        "published_at": DATE,
        "entities": STORED,
        "places": {"type": "object", "dynamic": False, "properties": {"country": SOUGHT}},
        "quotes": STORED,
        "quoted": KEYWORD,
        **{label.field: KEYWORD for label in Label if label.field},
        "place_names": KEYWORD,
        # What contains the places: their regions and countries, by name.
        "within": KEYWORD,
        "place_ids": LONG,
        # "name|country|GeoNames id|latitude,longitude": a map of counts in one aggregation.
        "place_points": KEYWORD,
        "countries": KEYWORD,
        # First divisions, "US-Tennessee": what a feed's home is learned from.
        "divisions": KEYWORD,
        "locations": {"type": "geo_point"},
        "filed_from": {"type": "geo_point"},
        "topics": _object(
            code=KEYWORD, name=KEYWORD, level=INTEGER, relation=KEYWORD, confidence=FLOAT
        ),
        # The names of the topics of the first level: what stories are counted by.
        "top_topics": KEYWORD,
        "focus": LONG,
        "focus_country": KEYWORD,
        "provenance": _object(
            pipeline=KEYWORD,
            model=KEYWORD,
            gazetteer=KEYWORD,
            revision=INTEGER,
            enriched_at=DATE,
            language=KEYWORD,
            aliases=KEYWORD,
            home=KEYWORD,
            topics=KEYWORD,
            models=KEYWORD,
        ),
        # What a search collapses near-duplicates on: `pipeline.index.fingerprint`.
        "fingerprint": _object(
            bands={"type": "keyword", "doc_values": False},
            sketch=KEPT,
            pairs={**INTEGER, **UNSEARCHED},
        ),
        # Of a withdrawn story, to find copies of it that still stand. It holds hashes, no text.
        "withdrawn_fingerprint": STORED,
        "unseen": {"type": "boolean", **UNSEARCHED},
        # The kinds of facts that changed from the version before: `pipeline.stream.changed`.
        "changed": KEYWORD,
        "indexed_at": DATE,
        "enrichment_delay_ms": LONG,
        "indexing_delay_ms": LONG,
        # The record on the enriched topic that this document was first indexed from.
        "record": _object(partition=INTEGER, offset=LONG),
        # Values that the fields above can't hold, by field: `pipeline.index.document.BEYOND`.
        "beyond": STORED,
    }


def component_template(languages: Mapping[str, str]) -> dict[str, Any]:
    """Return the body of the component template with the mapping; see `properties`."""
    return {
        "template": {
            "mappings": {
                "dynamic": "strict",
                "_meta": {"newswire_schema": SCHEMA},
                "properties": properties(languages),
            }
        },
        "_meta": {"owner": "newswire"},
    }


def refresh_interval(seconds: float) -> str:
    """Return the interval in Elasticsearch's notation."""
    return f"{int(seconds * 1000)}ms"


def index_template(base: str, shards: int, replicas: int, refresh_seconds: float) -> dict[str, Any]:
    """Return the body of the index template for `<base>-0*`, composed of the component."""
    return {
        "index_patterns": [f"{base}-0*"],
        "composed_of": [f"{base}-mapping"],
        "priority": 200,
        "template": {
            "settings": {
                "index": {
                    "number_of_shards": shards,
                    "number_of_replicas": replicas,
                    "codec": CODEC,
                    "refresh_interval": refresh_interval(refresh_seconds),
                }
            }
        },
        "_meta": {"owner": "newswire"},
    }
