"""A delivery read by its feed's format: stories, dead letters, and what holds no story."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import msgspec

from config.feeds import Feed
from connectors.formats import FORMATS, Context, Parsed, Skipped
from connectors.sources.base import Delivery
from pipeline.wire.deadletter import DeadLetter, dead_letter
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Story

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery held, the stories stamped with feed, format and time of receipt."""

    stories: tuple[Story, ...] = ()
    letters: tuple[DeadLetter, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def read(feed: Feed, delivery: Delivery) -> Reading:
    """Read a delivery as its feed's format says. Raises nothing: what is bad is a letter."""
    context = Context(
        agency=feed.agency,
        timezone=feed.timezone,
        language=feed.language,
        captions=feed.captions,
        received_at=delivery.received_at,
        linked=delivery.linked,
    )
    try:
        parsed: Parsed = FORMATS[feed.format](delivery.raw, context)
    except ParseError as error:
        return Reading(letters=(letter(feed, delivery, "parse", error),))
    except Exception as error:
        # A format promises ParseError only. Should one break that promise, its bytes are
        # kept like any other's and the feed goes on.
        log.exception("a format failed", extra={"feed": feed.name, "delivery": delivery.name})
        return Reading(letters=(letter(feed, delivery, "parse", error),))
    return Reading(
        tuple(_stamp(story, feed, delivery) for story in parsed.stories),
        tuple(letter(feed, delivery, "parse", error) for error in parsed.errors),
        parsed.skipped,
    )


def letter(
    feed: Feed, delivery: Delivery, stage: str, error: Exception, story_id: str | None = None
) -> DeadLetter:
    """A dead letter for a delivery, or for one story of it."""
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
    return msgspec.structs.replace(
        story,
        received_at=delivery.received_at,
        feed=feed.name,
        format=story.format or feed.format,
    )
