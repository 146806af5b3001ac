"""What every format provides: bytes and a feed's context in, stories out, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

import msgspec

from connectors.fields.charset import to_utf8
from connectors.formats.start import Start
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Status, Story

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Context:
    """What a feed knows that its bytes may not say."""

    feed: str | None = None
    """The feed's name: it keeps ids apart that neither agency nor URI does."""
    agency: str | None = None
    """The source of stories whose wire does not name one."""
    timezone: str = "UTC"
    """IANA zone of times that come without one."""
    language: str | None = None
    """The language of stories whose wire does not name one."""
    charset: str | None = None
    """The character set of deliveries that are not UTF-8, whatever they declare."""
    status_words: Mapping[str, Status] = field(default_factory=dict)
    """The feed's own status words; a word that is in no table holds the story."""
    empty_embargo: bool = True
    """False for a sender that writes an empty embargo element into every story."""
    map: Mapping[str, Sequence[str]] | None = None
    """For the format `mapped`: the paths of each field."""
    captions: bool = False
    """Take the caption of a picture or video as a story."""
    received_at: datetime | None = None
    """When the delivery was received: the anchor for dates without a year."""
    linked: Mapping[str, bytes] = field(default_factory=dict)
    """Documents that the delivery points to and the source has fetched, by their URL."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A part of a delivery that holds no story and is no error: a picture, a package."""

    reason: str
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one delivery held: its stories, its bad items, and what was skipped."""

    stories: tuple[Story, ...] = ()
    errors: tuple[ParseError, ...] = ()
    skipped: tuple[Skipped, ...] = ()


Parse = Callable[[bytes, Context], Parsed]
"""Raises ParseError, and nothing else, where the delivery as a whole can't be read."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of news deliveries. Call it to parse a delivery."""

    name: str
    parse: Parse
    recognises: Callable[[Start], bool]
    """Whether a delivery that starts so is of this format; see `connectors.formats.auto`."""
    clock: Clock
    """What orders the versions of its stories. Without it corrections would be dropped."""

    def __post_init__(self) -> None:
        if not isinstance(self.clock, Clock):
            raise TypeError(f"format {self.name!r} declares no clock: {self.clock!r}")

    def __call__(self, raw: bytes, context: Context) -> Parsed:
        """Returns the contents of a delivery; each story carries the format's name and clock.

        The clock of a story that another newswire has read stays what it was there.

        Raises:
            ParseError: the delivery as a whole can't be read.
        """
        try:
            raw, guess = to_utf8(raw, context.charset)
        except LookupError as error:
            raise ParseError(
                f"the feed's character set is not known: {error}", "charset"
            ) from error
        parsed = self.parse(raw, context)
        marks = {"format": self.name, "charset_assumed": guess}
        return replace(
            parsed,
            stories=tuple(
                msgspec.structs.replace(story, clock=story.clock or self.clock, **marks)
                for story in parsed.stories
            ),
        )


def read_each(
    items: Iterable[tuple[str | None, Item | ParseError]],
    read: Callable[[Item], Iterable[Story | Skipped]],
) -> Parsed:
    """Returns what the items of one delivery hold; a bad item does not stop the others.

    Args:
        items: each item, or the error that stands in its place, with where it stands; None
            where the errors of `read` say that more precisely.
        read: what reads one item.

    Raises:
        ParseError: the only item is bad, so that nothing is left of the delivery.
    """
    stories: list[Story] = []
    skipped: list[Skipped] = []
    errors: list[ParseError] = []
    for where, item in items:
        if isinstance(item, ParseError):
            errors.append(item)
            continue
        try:
            for found in read(item):
                if isinstance(found, Story):
                    stories.append(found)
                else:
                    skipped.append(found)
        except ParseError as error:
            errors.append(ParseError(error.message, where or error.where))
    if len(errors) == 1 and not stories and not skipped:
        raise errors[0]
    return Parsed(tuple(stories), tuple(errors), tuple(skipped))
