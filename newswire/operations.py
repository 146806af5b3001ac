"""Kafka for the operations page: positions, dead letters, and their replay."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from config.settings import Settings
from newswire.deadletters import again, letter_at, letters, resolved, send
from newswire.held import Held, held, release
from newswire.reach import told
from newswire.status import positions
from pipeline.kafka.messages import Position
from pipeline.wire.deadletter import Found
from pipeline.wire.errors import BrokerUnavailable, ParseError, StoryError

CONNECT_SECONDS = 1.0
OPERATOR = "operations page"


@dataclass(frozen=True, slots=True)
class KafkaOperations:
    """`pipeline.web.operations.Operations` on the configured brokers."""

    settings: Settings

    def positions(self) -> Sequence[Position]:
        """Return every partition with its end and the worker's offset."""
        self._reach()
        return positions(self.settings)

    def newest_letters(self, most: int) -> Sequence[Found]:
        """Return the newest dead letters, newest first, without their bytes."""
        self._reach()
        found = [
            replace(each, letter=replace(each.letter, raw=b""))
            for each in letters(self.settings, most)
        ]
        found.sort(key=lambda each: each.letter.failed_at or "", reverse=True)
        return found[:most]

    def replay(self, name: str) -> str:
        """Send a dead letter through the pipeline again, and say what happened."""
        self._reach()
        found = letter_at(self.settings, name)
        if found is None:
            return "there is no such dead letter any more."
        try:
            records = again(self.settings, found.letter)
        except ParseError as error:
            return f"still can't be read: {error}"
        send(self.settings, [*records, resolved(self.settings, found, "replayed", OPERATOR)])
        return f"{len(records)} {'record' if len(records) == 1 else 'records'} sent again."

    def dismiss(self, name: str) -> str:
        """Record that a dead letter needs no replay, and say so."""
        self._reach()
        found = letter_at(self.settings, name)
        if found is None:
            return "there is no such dead letter any more."
        send(self.settings, [resolved(self.settings, found, "dismissed", OPERATOR)])
        return "dismissed."

    def held(self, most: int) -> Sequence[Held]:
        """Return the held stories, the last received first."""
        return held(self.settings, most)

    def told(self, story_id: str) -> list[dict[str, Any]]:
        """Return who was told of a story by an alert, and when it was acknowledged."""
        return told(self.settings, story_id)

    def release(self, story_id: str, version: int) -> str:
        """Release a held story in the version that was shown, and say what happened."""
        self._reach()
        try:
            release(self.settings, story_id, OPERATOR, version)
        except StoryError as error:
            return str(error)
        return "released."

    def _reach(self) -> None:
        """Connect to a broker: Kafka's own clients try for much longer.

        Raises:
            BrokerUnavailable: none takes a connection.
        """
        for broker in self.settings.kafka.brokers:
            host, _, port = broker.rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
            except (OSError, ValueError):
                continue
            return
        raise BrokerUnavailable("Kafka does not answer: no broker takes a connection.")
