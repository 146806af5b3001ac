"""Hypothesis strategies for the records: everything that their types allow, and no more."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, get_args

from hypothesis import strategies as st

from pipeline.wire.enriched import Enriched, Entity, Mention, Place, Provenance, Quote, Role, Topic
from pipeline.wire.story import Clock, Dateline, Link, Located, Signal, Status, Story, Subject

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Any text that UTF-8 can write."""
maybe_text = st.none() | texts
instants = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
small = st.integers(0, 1_000_000)
latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
probabilities = st.floats(0, 1)


def every_field(record: Any, **fields: st.SearchStrategy) -> st.SearchStrategy:
    """A record with all of its fields drawn; a field without a strategy fails."""
    assert set(fields) == set(record.__struct_fields__), f"fields of {record.__name__}"
    return st.builds(record, **fields)


def tuples_of(strategy: st.SearchStrategy) -> st.SearchStrategy:
    """Short tuples."""
    return st.lists(strategy, max_size=3).map(tuple)


datelines = every_field(Dateline, text=maybe_text, place=maybe_text, filed_on=st.none() | days)
subjects = every_field(
    Subject, code=maybe_text, name=maybe_text, scheme=maybe_text, relation=maybe_text
)
located = every_field(
    Located,
    name=maybe_text,
    code=maybe_text,
    scheme=maybe_text,
    admin1=maybe_text,
    country=maybe_text,
    country_code=maybe_text,
    latitude=st.none() | latitudes,
    longitude=st.none() | longitudes,
    role=maybe_text,
)
links = every_field(Link, href=texts, rel=maybe_text, title=maybe_text, type=maybe_text)

stories = every_field(
    Story,
    id=st.text("abc:-0123456789", min_size=1, max_size=12),
    former_ids=tuples_of(texts),
    eve_id=maybe_text,
    source=maybe_text,
    provider_id=maybe_text,
    version=st.none() | small,
    status=st.sampled_from(Status),
    status_sent=maybe_text,
    signal=st.none() | st.sampled_from(Signal),
    signal_sent=maybe_text,
    headline=maybe_text,
    slugline=maybe_text,
    byline=maybe_text,
    dateline=st.none() | datelines,
    summary=maybe_text,
    body=texts,
    language=st.none() | st.sampled_from(["en", "fr", "de-CH"]),
    urgency=st.none() | st.integers(1, 9),
    urgency_sent=maybe_text,
    priority=st.none() | st.integers(1, 9),
    categories=tuples_of(texts),
    subjects=tuples_of(subjects),
    keywords=tuples_of(texts),
    genre=maybe_text,
    ednote=maybe_text,
    copyright=maybe_text,
    usage_terms=maybe_text,
    located=tuples_of(located),
    first_created=st.none() | instants,
    version_created=st.none() | instants,
    embargoed_until=st.none() | instants,
    claimed_source=maybe_text,
    text_source=maybe_text,
    zone_assumed=st.booleans(),
    charset_assumed=maybe_text,
    links=tuples_of(links),
    received_at=st.none() | instants,
    format=maybe_text,
    feed=maybe_text,
    clock=st.none() | st.sampled_from(Clock),
)

mentions = every_field(
    Mention, start=small, end=small, field=st.sampled_from(["body", "headline", "dateline"])
)
entities = every_field(
    Entity,
    id=texts,
    text=texts,
    label=st.sampled_from(["PERSON", "ORG", "GPE", "EVENT"]),
    mentions=tuples_of(mentions),
    title=maybe_text,
    salience=probabilities,
    name=maybe_text,
    kb=maybe_text,
)
quotes = every_field(Quote, start=small, end=small, speaker=texts)
places = every_field(
    Place,
    geonames_id=small,
    name=texts,
    mentions=tuples_of(mentions),
    latitude=latitudes,
    longitude=longitudes,
    country=maybe_text,
    country_code=st.none() | st.sampled_from(["US", "UY", "KE"]),
    admin1=maybe_text,
    feature=maybe_text,
    population=st.none() | small,
    role=st.sampled_from(get_args(Role)),
    confidence=probabilities,
    reason=maybe_text,
)
provenances = every_field(
    Provenance,
    pipeline=texts,
    model=texts,
    gazetteer=texts,
    revision=st.integers(0, 999),
    language=maybe_text,
    aliases=maybe_text,
    home=maybe_text,
    topics=maybe_text,
    models=tuples_of(texts),
    enriched_at=st.none() | instants,
)
topics = every_field(
    Topic,
    code=texts,
    name=maybe_text,
    level=st.integers(1, 2),
    relation=st.sampled_from(["sent", "inferred"]),
    confidence=st.none() | probabilities,
)
enriched_stories = every_field(
    Enriched,
    story=stories,
    entities=tuples_of(entities),
    places=tuples_of(places),
    quotes=tuples_of(quotes),
    focus=tuples_of(small),
    focus_country=st.none() | st.sampled_from(["US", "UY"]),
    topics=tuples_of(topics),
    follows=st.none() | st.integers(0, 99_999),
    provenance=provenances,
)
