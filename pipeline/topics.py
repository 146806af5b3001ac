"""Topic names, message keys and headers: what connectors and worker agree on.

A message's key is its story's id, so that all versions of a story share a partition and
keep their order, and the partitions of `stories` and `enriched` match one to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics' names under one prefix."""

    prefix: str = "wire"

    @property
    def stories(self) -> str:
        """Stories as connectors parsed them, in the order of arrival."""
        return f"{self.prefix}.stories"

    @property
    def enriched(self) -> str:
        """The newest version of each story, enriched; compacted by story id."""
        return f"{self.prefix}.enriched"

    @property
    def deadletter(self) -> str:
        """What could not be read or indexed, with its raw bytes and the reason."""
        return f"{self.prefix}.deadletter"

    def all(self) -> tuple[str, str, str]:
        """Every topic, in the order of the flow."""
        return self.stories, self.enriched, self.deadletter


def key(story_id: str) -> bytes:
    """The message key of a story."""
    return story_id.encode("utf-8")


def headers(**values: object) -> Headers:
    """Message headers as Kafka wants them; None is left out."""
    return [(name, str(value).encode()) for name, value in values.items() if value is not None]


def read_headers(pairs: Iterable[tuple[str, bytes | None]] | None) -> dict[str, str]:
    """Headers as a dict of text; undecodable bytes are replaced, not raised."""
    return {name: (value or b"").decode("utf-8", "replace") for name, value in pairs or ()}
