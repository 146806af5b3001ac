"""Parses a delivery with its feed's format: stories, dead letters, and skipped items."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from config.feeds import Feed
from connectors.feed.agencies import spoken_for
from connectors.feed.fulltext import with_full_text
from connectors.formats import FORMATS, Context, Parsed, Skipped
from connectors.sources.base import Delivery
from pipeline.wire.deadletter import DeadLetter, dead_letter
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Status, Story

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery contains; its stories have feed, format and time of receipt."""

    stories: tuple[Story, ...] = ()
    letters: tuple[DeadLetter, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def read(feed: Feed, delivery: Delivery) -> Reading:
    """Parse a delivery with its feed's format. Raises nothing: what fails is a dead letter."""
    context = Context(
        feed=feed.name,
        agency=feed.agency,
        timezone=feed.timezone,
        language=feed.language,
        captions=feed.captions,
        charset=feed.charset,
        map=feed.map,
        status_words=feed.status_words,
        empty_embargo=feed.empty_embargo,
        received_at=delivery.received_at,
        linked=delivery.linked,
    )
    try:
        parsed: Parsed = FORMATS[feed.format](delivery.raw, context)
    except ParseError as error:
        return Reading(letters=(letter(feed, delivery, "parse", error),))
    except Exception as error:
        # A format raises ParseError only. If one has a fault, its bytes are kept in a dead
        # letter and the feed continues.
        log.exception("a format failed", extra={"feed": feed.name, "delivery": delivery.name})
        return Reading(letters=(letter(feed, delivery, "parse", error),))
    return Reading(
        tuple(
            each
            for story in parsed.stories
            for each in _with_former_ids(_stamp(story, feed, delivery))
        ),
        tuple(letter(feed, delivery, "parse", error) for error in parsed.errors),
        parsed.skipped,
    )


def letter(
    feed: Feed, delivery: Delivery, stage: str, error: Exception, story_id: str | None = None
) -> DeadLetter:
    """Return a dead letter for a delivery, or for one story of it."""
    return dead_letter(
        delivery.raw,
        stage,
        error,
        feed=feed.name,
        format=feed.format,
        name=delivery.name,
        story_id=story_id,
        received_at=delivery.received_at.isoformat(),
    )


def _stamp(story: Story, feed: Feed, delivery: Delivery) -> Story:
    if feed.full_text:
        story = with_full_text(story, delivery.linked)
    checked = spoken_for(story, feed)
    return msgspec.structs.replace(
        checked,
        former_ids=story.former_ids if checked.id == story.id else (),  # not another agency's
        received_at=delivery.received_at,
        feed=feed.name,
        format=story.format or feed.format,
    )


def _with_former_ids(story: Story) -> Iterator[Story]:
    """Yield a story and, of a kill, its copies under the ids that the story had before.

    An upgrade may derive ids in another way; what was indexed before must be killed all the same.
    """
    yield story
    if story.status is Status.WITHDRAWN:
        for former in story.former_ids:
            yield msgspec.structs.replace(story, id=former, eve_id=None, former_ids=())
