"""Held stories, on both engines: nobody sees them until a person decides, and that is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner, Result

from newswire.__main__ import app
from pipeline.wire import codec
from pipeline.wire.story import Status, Story
from tests.integration.wire import Wire
from tests.servers import Engine


def test_a_held_story_is_seen_once_it_is_released(
    engine: Engine, prefix: str, tmp_path: Path
) -> None:
    """The decision is a record: neither a repeat of the held version nor a rebuild undoes it."""
    wire = Wire(engine, prefix, tmp_path)
    wire.setup()

    def cli(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments], env=wire.environ, catch_exceptions=False)

    def status(name: str) -> str | None:
        found = wire.document(name)
        return str(found["status"]) if found else None

    held = Story(
        id="ap:held",
        source="AP",
        version=1,
        status=Status.EMBARGOED,
        status_sent="desk hold",
        headline="A harbour is closed",
        body="Text.",
        received_at=datetime.now(UTC),
    )
    with wire.worker() as worker:
        wire.publish([held, Story(id="ap:free", version=1, body="Text.")])
        worker.until(lambda: status("ap:held") and status("ap:free"))
        listed = [json.loads(line) for line in cli("held", "list", "--json").stdout.splitlines()]
        assert [(each["id"], each["reason"]) for each in listed] == [("ap:held", "desk hold")]
        assert "not held" in cli("held", "release", "ap:free").output
        assert cli("held", "release", "ap:held").exit_code == 0
        worker.until(lambda: status("ap:held") == "usable")
        assert cli("held", "list", "--json").stdout == ""
        wire.publish([held])
        worker.until(wire.drained)
        assert status("ap:held") == "usable"
    assert cli("reindex").exit_code == 0
    assert status("ap:held") == "usable"
    (decision,) = [
        message
        for message in wire.messages(wire.topics.stories)
        if "released_by" in dict(message.headers)
    ]
    assert codec.decode_story(decision.value).status is Status.USABLE
