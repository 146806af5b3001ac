"""What is published together, and whether the content of a story is new."""

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
"""Deliveries are published together up to either limit, with one wait for the broker."""


@dataclass
class Batch:
    """What is published together, what the cursor then remembers, and what is counted."""

    records: list[Message] = field(default_factory=list)
    remembered: Acknowledged = field(default_factory=Acknowledged)
    counts: Counts = field(default_factory=Counts)
    deliveries: int = 0
    delivered: list[Delivery] = field(default_factory=list)
    """The deliveries that the source receives back once they are acknowledged."""
    size: int = 0
    """Bytes of deliveries and records."""
    archived: list[Delivery] = field(default_factory=list)
    """Deliveries that the raw archive must store before the batch is published."""
    newest: dict[str, bytes] = field(default_factory=dict)
    """The digest of each story's last content, by id."""
    digests: set[bytes] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """Return True when the batch must be published."""
        return self.deliveries >= BATCH_DELIVERIES or self.size > BATCH_BYTES

    def remember(self, story_id: str, digest: bytes) -> None:
        """Note that a story had this content."""
        self.newest[story_id] = digest
        self.digests.add(digest)
        self.remembered.stories.append((story_id, digest))

    def knows(self, story: Story, digest: bytes, met: Met, once: bool) -> bool:
        """Return True if this content of a story need not be published.

        Args:
            met: where the cursor has seen it.
            once: the delivery has the story once. A delivery that lists several states of a
                story never returns it to earlier content.
        """
        here = met.here or digest in self.digests
        if not once or story.version is not None or story.version_created or story.first_created:
            return here or met.elsewhere
        ours = self.newest.get(story.id)
        newest = met.newest if ours is None else ours == digest
        # Known here but not as the last content: the story has returned to it. Known
        # elsewhere only: the other channel's copy is late.
        return newest if here else met.elsewhere


def story_digest(story: Story) -> bytes:
    """Return the digest of what the wire said, without feed, format and time of receipt."""
    said = msgspec.structs.replace(story, received_at=None, feed=None, format=None)
    try:
        text = codec.encode(said)
    except CodecError:
        text = repr(said).encode("utf-8", "backslashreplace")
    return hashlib.sha256(text).digest()[:16]
