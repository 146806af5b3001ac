"""JSON Feed, and newswire's own feed read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from config.feeds import Feed
from connectors.feed.agencies import claimed
from connectors.formats import FORMATS, KNOWN, Context
from connectors.formats.auto import recognise
from pipeline.search.marks import Text
from pipeline.search.results import Hit
from pipeline.search.syndication import json_feed
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock
from pipeline.wire.versions import rank

VERSION = "https://jsonfeed.org/version/1.1"


def feed(*items: object, **more: object) -> bytes:
    return json.dumps({"version": VERSION, "title": "T", "items": items, **more}).encode()


def test_newswire_s_own_feed_is_read_back() -> None:
    """What /feed.json publishes comes out as the stories that it was made of."""
    at = datetime(2026, 3, 1, 8, tzinfo=UTC)
    hit = Hit(
        id="AP:Fog & <ice>",
        headline=Text(text="Fog <on> ice & snow"),
        summary="Ships wait.",
        byline="Jon Berg",
        published_at=at,
        language="en",
    )
    raw = json_feed("newswire", "https://w.example/", "https://w.example/feed.json", [hit], str)
    assert recognise(raw, KNOWN).name == "jsonfeed"
    (story,) = FORMATS["auto"](raw, Context()).stories
    assert (story.provider_id, story.headline) == (hit.id, hit.headline.text)
    assert story.body == hit.summary
    assert (story.byline, story.language, story.version_created) == ("Jon Berg", "en", at)


def test_newswire_s_own_feed_keeps_ids_sources_and_versions() -> None:
    """Stories of several agencies come back as what they were, with a byline or without."""
    at = datetime(2026, 3, 1, 8, tzinfo=UTC)
    hits = [
        Hit(id=id_, headline=Text(text="Storm"), published_at=at, **more)
        for id_, more in (
            ("AP:7", {"source": "AP", "byline": "Jon Berg", "version": 3, "clock": "version"}),
            ("UPI: a 1/x", {"source": "UPI", "version": 1, "clock": "transmission"}),
            ("urn:newsml:dpa.com:1", {"source": "dpa", "version": 0, "clock": "receipt"}),
            ("Harbour Post:12345", {}),
        )
    ]
    raw = json_feed("newswire: storm", "https://w.example/", "https://w.example/f", hits, str)
    stories = FORMATS["auto"](raw, Context()).stories
    kept = ("id", "source", "byline", "version")
    assert [[getattr(story, name) for name in kept] for story in stories] == [
        [getattr(hit, name) for name in kept] for hit in hits
    ]
    assert [story.clock for story in stories] == [
        Clock.VERSION, Clock.TRANSMISSION, Clock.RECEIPT, Clock.RECEIPT,
    ]  # fmt: skip


def test_a_feed_of_newswire_speaks_only_for_its_agencies() -> None:
    """What the extension says is a claim like any other."""
    hit = Hit(id="AP:7", source="AP", headline=Text(text="Storm"))
    raw = json_feed("newswire", "https://w.example/", "https://w.example/f", [hit], str)
    (story,) = FORMATS["jsonfeed"](raw, Context()).stories
    feed = {"name": "far", "source": "http"}
    assert claimed(story, Feed(**feed, agencies=("UPI",))) == "AP"
    assert claimed(story, Feed(**feed, agencies=("*",))) is None


@pytest.mark.parametrize(
    "known", [None, "AP:1", [], {}, {"id": ""}, {"id": 0}, {"source": "AP", "version": 9}]
)
def test_an_extension_without_an_id_says_nothing(known: object) -> None:
    """The item of a feed that is not newswire's has the id and source of that feed."""
    (story,) = FORMATS["jsonfeed"](
        feed({"id": "1", "title": "x", "_newswire": known}), Context()
    ).stories
    assert (story.id, story.source, story.version) == ("T:1", "T", None)


@pytest.mark.parametrize("known", [{"version": "x"}, {"version": -1}, {"clock": ["a"]}])
def test_what_is_no_version_or_clock_is_left_out(known: dict[str, object]) -> None:
    """A damaged extension does not stop the delivery."""
    item = {"id": "1", "title": "x", "_newswire": {"id": "AP:1", **known}}
    (story,) = FORMATS["jsonfeed"](feed(item), Context()).stories
    assert (story.id, story.version, story.clock) == ("AP:1", None, Clock.RECEIPT)


@pytest.mark.parametrize("version", [VERSION, "http://www.jsonfeed.org/version/1"])
@pytest.mark.parametrize("at_end", [True, False])
def test_the_version_is_recognised_wherever_it_stands(version: str, at_end: bool) -> None:
    """A feed whose version follows megabytes of items is a JSON Feed, escaped slashes or not."""
    keys = {"items": [{"id": "1", "title": "x" * 200_000}], "version": version}
    raw = json.dumps(keys if at_end else dict(reversed(keys.items()))).encode()
    for sent in (raw, raw.replace(b"/", b"\\/")):
        assert recognise(sent, KNOWN).name == "jsonfeed"


def test_another_json_that_speaks_of_json_feed_is_none() -> None:
    """The version counts as a key of the document, not as words of a text."""
    text = f'Write "version": "{VERSION}" into it.'
    raw = json.dumps([{"uri": "urn:1", "headline": "Feeds", "body_text": text}]).encode()
    assert recognise(raw, KNOWN).name == "ninjs"


def test_an_edit_under_an_unchanged_date_is_newer() -> None:
    """A feed shows items as they are now: the later receipt of one date ranks higher."""
    raw = feed({"id": "1", "title": "x", "date_published": "2026-03-01T08:00:00Z"})
    (story,) = FORMATS["jsonfeed"](raw, Context()).stories
    first, second = (
        rank(replace(story, received_at=datetime(2026, 3, 1, hour, tzinfo=UTC))) for hour in (9, 10)
    )
    assert first < second


@pytest.mark.parametrize("raw", [b'{"version": "x"}', feed()[:-1] + b', "items": {}}', b"[1]"])
def test_a_document_without_items_is_an_error(raw: bytes) -> None:
    """A document that is no feed names what is missing; a feed with no item is no error."""
    with pytest.raises(ParseError, match="list of items"):
        FORMATS["jsonfeed"](raw, Context())
    assert FORMATS["jsonfeed"](feed(), Context()).stories == ()
