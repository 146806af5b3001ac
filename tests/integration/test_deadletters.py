"""Dead letters in the index, on both engines: what they tell, and for how long."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from config.settings import Settings, load
from newswire.__main__ import app
from pipeline.index.client import connect, connect_sync
from pipeline.index.deadletters import deadletters_index, setup_deadletters
from pipeline.kafka.messages import Message, Record
from pipeline.process.status import read_status
from pipeline.stream.deadletters import DeadLetters
from pipeline.wire.deadletter import dead_letter
from pipeline.wire.errors import ParseError, SetupError
from pipeline.wire.topics import Headers, headers, read_headers
from tests.integration.wire import Wire
from tests.servers import Engine

MONTH = timedelta(days=30)
LETTER = dead_letter(
    b"<nitf><head>", "parse", ParseError("no end of nitf", "line 1"), feed="ap", name="one.xml"
)


@pytest.fixture
def settings(engine: Engine, prefix: str) -> Settings:
    """An index of its own name, not yet made."""
    return load(
        environ={
            "NEWSWIRE_ELASTICSEARCH__URL": engine.elasticsearch_url,
            "NEWSWIRE_ELASTICSEARCH__INDEX": prefix,
        }
    )


def record(offset: int, given: Headers | None = None) -> Record:
    """A message of the dead-letter topic."""
    values = read_headers(LETTER.headers if given is None else given)
    return Record("wire.deadletter", 0, offset, LETTER.raw, values)


def take(settings: Settings, *records: Record, keep: timedelta = MONTH) -> list[dict[str, Any]]:
    """What the index holds, in order, once a batch is taken."""

    async def step() -> None:
        async with connect(settings.elasticsearch) as client:
            letters = DeadLetters(client, settings.elasticsearch, keep)
            await letters.require()
            await letters(records)

    asyncio.run(step())
    index = deadletters_index(settings.elasticsearch.index)
    with connect_sync(settings.elasticsearch) as client:
        client.indices.refresh(index=index)
        found = client.search(index=index, size=100, sort=["name"])["hits"]["hits"]
    return [hit["_source"] for hit in found]


def test_a_letter_tells_all_but_its_bytes(settings: Settings) -> None:
    """What failed, where and why is indexed, under the name that the command line takes."""
    setup_deadletters(settings.elasticsearch)
    (found,) = take(settings, record(7))
    assert found.pop("failed_at") == LETTER.failed_at
    assert found == {
        "name": "0:7",
        "stage": "parse",
        "error": "ParseError",
        "reason": "no end of nitf",
        "where": "line 1",
        "feed": "ap",
        "delivery": "one.xml",
        "bytes": 12,
    }


def test_a_letter_is_there_once(settings: Settings) -> None:
    """What is taken again, after a crash, is there once; set-up may be repeated too."""
    setup_deadletters(settings.elasticsearch)
    assert setup_deadletters(settings.elasticsearch)[0].endswith("exists")
    take(settings, record(7))
    assert len(take(settings, record(7), record(8))) == 2


def test_what_is_no_letter_is_passed_over(settings: Settings) -> None:
    """Headers that say nothing, or nonsense, stop nothing and hide no neighbour."""
    setup_deadletters(settings.elasticsearch)
    odd = headers(partition="none")
    late = headers(stage="parse", error="E", reason="r" * 40_000, failed_at="yesterday")
    found = take(settings, record(1, odd), record(2, []), record(3, late), record(4))
    told = {letter["name"]: letter["stage"] for letter in found}
    assert told["0:2"] == "?"
    assert told["0:4"] == "parse"
    assert "0:1" not in told


def test_what_the_topic_forgets_the_index_forgets(settings: Settings) -> None:
    """A letter older than the topic keeps it goes from the index as well."""
    setup_deadletters(settings.elasticsearch)
    assert len(take(settings, record(1))) == 1
    with connect_sync(settings.elasticsearch) as client:
        client.indices.refresh(index=deadletters_index(settings.elasticsearch.index))
    assert take(settings, keep=timedelta()) == []


def test_a_missing_index_is_said(settings: Settings) -> None:
    """A worker that is newer than its index says which command makes it."""
    with pytest.raises(SetupError, match="deadletters is missing: run `newswire setup`"):
        take(settings)


def test_a_kill_among_the_dead_letters_is_unhealthy_until_it_is_resolved(
    engine: Engine, prefix: str, tmp_path: Path
) -> None:
    """Status and metric say so until it is dismissed or replayed; who did it is recorded."""
    wire = Wire(engine, prefix, tmp_path)
    wire.setup()
    environ = wire.environ

    def cli(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments], env=environ, catch_exceptions=False)

    def unhealthy() -> list[str]:
        report = json.loads(cli("status", "--json").stdout)
        return [why for why in report["why"] if "kills are dead letters" in why]

    def metric() -> float:
        (status,) = [s for s in read_status(wire.settings.data_dir) if s["kind"] == "worker"]
        text = httpx.get(f"http://127.0.0.1:{status['health_port']}/metrics").text
        found = re.search(r"^newswire_unresolved_kills ([0-9.]+)$", text, re.MULTILINE)
        assert found is not None
        return float(found[1])

    with wire.worker() as worker:
        for body in (b"5", b"6"):
            broken = b'{"id":"ap:1","status":"withdrawn","body":' + body + b"}"
            wire.send([Message(wire.topics.stories, b"ap:1", broken, [])])
        harmless = b'{"id":"ap:2","status":"usable","body":5}'
        wire.send([Message(wire.topics.stories, b"ap:2", harmless, [])])
        worker.until(lambda: len(wire.dead_letters()) == 3)
        (why,) = worker.until(unhealthy)
        assert "2 kills" in why
        assert cli("status").exit_code == 1
        worker.until(lambda: metric() == 2)
        listed = [
            json.loads(line) for line in cli("deadletters", "list", "--json").stdout.splitlines()
        ]
        first, second = (each["id"] for each in listed if each["status"] == "withdrawn")
        assert cli("deadletters", "dismiss", first).exit_code == 0
        worker.until(lambda: "1 kills" in "".join(unhealthy()))
        assert cli("deadletters", "dismiss", second).exit_code == 0
        worker.until(lambda: not unhealthy())
        worker.until(lambda: metric() == 0)
    listed = [json.loads(line) for line in cli("deadletters", "list", "--json").stdout.splitlines()]
    assert sorted(str(each["resolved"]) for each in listed) == ["None", "dismissed", "dismissed"]
    indexed = wire.documents(deadletters_index(prefix)).values()
    assert len(indexed) == 3
    assert all(each["resolved_by"] for each in indexed if each.get("resolved"))
