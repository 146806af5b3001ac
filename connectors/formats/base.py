"""What every format promises: bytes and a feed's context in, stories out, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.wire.errors import ParseError
from pipeline.wire.story import Story


@dataclass(frozen=True, slots=True)
class Context:
    """What a feed knows that its bytes may not say."""

    agency: str | None = None
    """The source of stories whose wire does not name one."""
    timezone: str = "UTC"
    """IANA zone of times that come without one."""
    language: str | None = None
    """The language of stories whose wire does not name one."""
    captions: bool = False
    """Take the caption of a picture or video as a story."""
    received_at: datetime | None = None
    """When the delivery was taken: the anchor for dates without a year."""
    linked: Mapping[str, bytes] = field(default_factory=dict)
    """Documents that the delivery points to and the source has fetched, by their URL."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A part of a delivery that holds no story, and is no error: a picture, a package."""

    reason: str
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one delivery held: its stories, its bad items, and what has no text."""

    stories: tuple[Story, ...] = ()
    errors: tuple[ParseError, ...] = ()
    skipped: tuple[Skipped, ...] = ()


Parse = Callable[[bytes, Context], Parsed]
"""Raises ParseError, and nothing else, where the delivery as a whole can't be read."""
