"""Alerts on both engines, the process killed while its receiver is away."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.alerts.outbox import FILE, Outbox
from pipeline.wire.story import Status, Story
from tests.fakes.receiver import Receiver, receiving
from tests.integration.wire import Process, Wire
from tests.servers import Engine

SECRET = "a-secret-for-tests"
START = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    """A receiver that is ill at first, and its address."""
    with receiving() as made:
        yield made


def story(id: str, version: int = 1, **fields: Any) -> Story:
    """A version of a story about a flood."""
    told: dict[str, Any] = {
        "headline": f"Flood on the Rhine, version {version}",
        "body": "The water rose.",
        "version_created": START + timedelta(minutes=version),
        "received_at": datetime.now(UTC),
    }
    return Story(id=id, source="AP", version=version, **(told | fields))


def pending(wire: Wire) -> set[str]:
    """The stories of which something is still to be delivered."""
    outbox = Outbox(wire.folder / FILE)
    try:
        rows = outbox._db.execute("SELECT story FROM deliveries WHERE state = 'pending'")
        return {name for (name,) in rows}
    finally:
        outbox.close()


def test_alerts_survive_a_kill_and_tell_no_secret(
    engine: Engine, prefix: str, tmp_path: Path, receiver: tuple[Receiver, str]
) -> None:
    """What a search finds is delivered through SIGKILL and a sick receiver; a kill is told of."""
    state, address = receiver
    file = tmp_path / "alerts.toml"
    file.write_text(f'[alerts.flood]\nq = "flood rhine"\nwebhook = "{address}"\ntopic = true\n')
    wire = Wire(engine, prefix, tmp_path / "wire")
    wire.extra = {
        "NEWSWIRE_ALERTS__FILE": str(file),
        "NEWSWIRE_ALERT__FLOOD__SECRET": SECRET,
        "NEWSWIRE_RETRY__MAX_SECONDS": "2",
    }
    wire.setup()

    started: list[Process] = []

    def alerts() -> Process:
        process = wire.start("pipeline.alerts")
        started.append(process)
        process.until(lambda: Outbox(wire.folder / FILE).offsets(wire.topics.enriched))
        return process

    def messages() -> list[dict[str, Any]]:
        return [json.loads(m.value) for m in wire.messages(wire.topics.alerts)]

    try:
        process = alerts()
        with wire.worker() as worker:
            hidden: dict[str, Any] = {
                "status": Status.EMBARGOED,
                "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC),
            }
            wire.publish(
                [
                    story("ap:flood"),
                    story("ap:dry", headline="Dry on the Rhine"),
                    story("ap:early", headline="Flood on the Rhine, secret", **hidden),
                ]
            )
            worker.until(lambda: state.tries and "ap:flood" in pending(wire))
            process.kill()
            state.status = 200
            alerts()
            worker.until(lambda: "ap:flood" in state.told("story"))
            worker.until(messages)

            wire.publish([story("ap:flood", 2), story("ap:brief", 1)])
            worker.until(
                lambda: state.told("story").get("ap:flood", {}).get("story", {}).get("version") == 2
            )
            worker.until(lambda: "ap:brief" in state.told("story"))
            kill = {"headline": "Flood on the Rhine, false", "status": Status.WITHDRAWN}
            wire.publish([story("ap:flood", 3, **kill), story("ap:never", 1, **kill)])
            worker.until(lambda: "ap:flood" in state.told("withdrawn"))
            told = {("ap:flood", "alert.withdrawn"), ("ap:brief", "alert.story")}
            worker.until(lambda: told <= {(m["story_id"], m["type"]) for m in messages()})
    finally:
        for process in started:
            process.kill()

    assert state.told("story").keys() == {"ap:flood", "ap:brief"}
    withdrawn = state.told("withdrawn")
    assert withdrawn.keys() == {"ap:flood"}
    assert "Rhine" not in json.dumps(withdrawn)
    assert {m["story_id"] for m in messages()} == {"ap:flood", "ap:brief"}
    for headers, body in state.taken:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.digest(SECRET.encode(), signed, hashlib.sha256)
        assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    ids = [headers["webhook-id"] for headers, _ in state.taken]
    assert len(set(ids)) == 4
