"""What is published together, and whether the words of a story are new."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import msgspec

from connectors.cursor import Acknowledged, Met
from connectors.feed.health import Counts
from connectors.sources.base import Delivery
from pipeline.kafka.messages import Message
from pipeline.wire import codec
from pipeline.wire.errors import CodecError
from pipeline.wire.story import Story

BATCH_DELIVERIES = 100
BATCH_BYTES = 4 * 1024 * 1024
"""Deliveries are published together up to either bound: one wait for the broker a batch."""


@dataclass
class Batch:
    """What is to be published together, what the cursor then remembers, and what to count."""

    records: list[Message] = field(default_factory=list)
    remembered: Acknowledged = field(default_factory=Acknowledged)
    counts: Counts = field(default_factory=Counts)
    deliveries: int = 0
    delivered: list[Delivery] = field(default_factory=list)
    """Those that the source is told of once they are acknowledged."""
    size: int = 0
    """Bytes of deliveries and records."""
    archived: list[Delivery] = field(default_factory=list)
    """Deliveries that the raw archive has to keep before any of it is published."""
    newest: dict[str, bytes] = field(default_factory=dict)
    """The digest of each story's last words, by id."""
    digests: set[bytes] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """Whether it is time to publish."""
        return self.deliveries >= BATCH_DELIVERIES or self.size > BATCH_BYTES

    def remember(self, story_id: str, digest: bytes) -> None:
        """That these words of a story came."""
        self.newest[story_id] = digest
        self.digests.add(digest)
        self.remembered.stories.append((story_id, digest))

    def knows(self, story: Story, digest: bytes, met: Met, once: bool) -> bool:
        """Whether these words of a story need not be published.

        Args:
            met: where the cursor says that they were met.
            once: the delivery has the story once. One that lists several states of a story
                takes nothing back.
        """
        here = met.here or digest in self.digests
        if not once or story.version is not None or story.version_created or story.first_created:
            return here or met.elsewhere
        ours = self.newest.get(story.id)
        newest = met.newest if ours is None else ours == digest
        # Known here but not the last words: they were taken back. Known elsewhere only:
        # the other channel's copy comes late.
        return newest if here else met.elsewhere


def story_digest(story: Story) -> bytes:
    """Of all that the wire said: which feed brought it, when and how written, is left out."""
    said = msgspec.structs.replace(story, received_at=None, feed=None, format=None)
    try:
        text = codec.encode(said)
    except CodecError:
        text = repr(said).encode("utf-8", "backslashreplace")
    return hashlib.sha256(text).digest()[:16]
