"""Stories and dead letters as Kafka messages."""

from __future__ import annotations

from pipeline.kafka.messages import Message
from pipeline.wire import codec
from pipeline.wire.deadletter import DeadLetter
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics, headers, key, lane


def story_record(topics: Topics, story: Story, name: str, backfill: bool = False) -> Message:
    """Return a story as a message on the stories topic of its lane.

    Raises:
        CodecError: the story can't be encoded.
    """
    return Message(
        topics.lane(lane(story, backfill)),
        key(story.id),
        codec.encode(story),
        headers(
            schema=codec.SCHEMA,
            format=story.format,
            feed=story.feed,
            received_at=story.received_at and story.received_at.isoformat(),
            name=name,
        ),
    )


def letter_record(topics: Topics, letter: DeadLetter, max_bytes: int) -> Message:
    """Return a dead letter as a message on its topic.

    Bytes beyond `max_bytes` are cut off; the header `raw_bytes` then has their full number,
    and the delivery's name says where they are.
    """
    extra = headers(raw_bytes=len(letter.raw)) if len(letter.raw) > max_bytes else []
    value = letter.raw[:max_bytes]
    return Message(topics.deadletter, letter.key, value, letter.headers + extra)
