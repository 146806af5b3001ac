"""Which agencies a feed speaks for: no feed can replace or kill another agency's story."""

from __future__ import annotations

import re

import msgspec

from config.feeds import ANY_AGENCY, Feed
from connectors.fields.values import story_id
from pipeline.wire.agencies import short_name
from pipeline.wire.story import Story

_URI = re.compile(
    r"(?:urn:newsml:|urn:|tag:|https?://(?:www\.)?)(?P<host>[^:/,?#]+)", re.IGNORECASE
)
"""An id without an agency before it: "urn:newsml:dpa.com:20260302:1", "tag:reuters.com,2026:1"."""


def claimed(story: Story, feed: Feed) -> str | None:
    """Return the agency that a story names and that its feed does not speak for.

    A story names an agency by its source and by the beginning of its id. A feed with
    `agencies` speaks for these; one without may bring any agency that no other feed names.
    """
    if ANY_AGENCY in feed.agencies:
        return None
    own = {_key(name) for name in feed.agencies}
    reserved = {_key(name) for name in feed.reserved} - own
    named = [story.source]
    if match := _URI.match(story.id):
        # A URI of another feed's agency is a claim, but the host of any other is no agency.
        named += [match["host"]] if _key(match["host"]) in reserved else []
    elif ":" in story.id and story.id.partition(":")[0] != feed.name:
        named.insert(0, story.id.partition(":")[0])
    for name in named:
        key = _key(name)
        if key and (key not in own if own else key in reserved):
            return short_name(name)
    return None


def spoken_for(story: Story, feed: Feed) -> Story:
    """Return the story, under the feed's own name if it claims an agency of another feed."""
    agency = claimed(story, feed)
    if agency is None:
        return story
    return msgspec.structs.replace(
        story,
        id=story_id(feed.name, story.id),
        eve_id=story.eve_id and story_id(feed.name, story.eve_id),
        source=feed.name,
        claimed_source=agency,
    )


def _key(name: str | None) -> str:
    return (short_name(name) or "").casefold()
