"""`newswire topics train`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from newswire.__main__ import app
from newswire.topics import _examples
from pipeline.enrich.topics.inferred import load
from pipeline.enrich.unenriched import Unenriched
from pipeline.kafka.messages import Record
from pipeline.search.visible import Viewer
from pipeline.wire import codec
from pipeline.wire.story import Status, Story, Subject
from pipeline.wire.versions import blank

BODIES = {
    "SPO": "The striker scored a goal in game {n} and the coach praised the goal.",
    "WEA": "Rain and fog until noon in valley {n}, then a gale brings more rain.",
}


def stories(count: int = 12, code: bool = True) -> list[Story]:
    """Stories of two topics, with codes or without."""
    return [
        Story(
            id=f"s{n}",
            body=body.format(n=n),
            subjects=(Subject(code=letters),) if code else (),
            feed="wire",
        )
        for n in range(count)
        for letters, body in [list(BODIES.items())[n % 2]]
    ]


def run(folder: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Train on a file."""
    monkeypatch.setenv("NEWSWIRE_DATA_DIR", str(folder / "data"))
    file = folder / "stories.jsonl"
    file.write_bytes(b"\n".join(lines))
    done = CliRunner().invoke(app, ["topics", "train", str(file)])
    return done.exit_code, done.output


def test_a_story_whose_days_are_over_is_not_learned_from() -> None:
    """Its tombstone stands behind its versions until the topic is compacted."""
    one, other = stories(2)
    read = [(one.id, 1, one), (other.id, 1, other), (one.id, 0, None)]
    assert [example.id for example in _examples(read, Viewer())] == [other.id]


def test_train_writes_a_model_and_says_how_good_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the setting that names it."""
    lines = [codec.encode(story) for story in stories()]
    code, output = run(tmp_path, lines, monkeypatch)
    assert code == 0, output
    path = tmp_path / "data" / "topics.json"
    assert load(path).stories == 12
    assert f"NEWSWIRE_ENRICHMENT__TOPICS_FILE={path}" in output
    assert "| weather | 6 |" in output
    assert "| confidence | answers |" in output


def test_stories_without_codes_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no model is written."""
    lines = [codec.encode(story) for story in stories(code=False)]
    code, output = run(tmp_path, lines, monkeypatch)
    assert code == 1
    assert "no story has codes that say its topic" in output
    assert not (tmp_path / "data" / "topics.json").exists()


def test_too_few_stories_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their number is named."""
    code, output = run(tmp_path, [codec.encode(story) for story in stories(5)], monkeypatch)
    assert code == 1
    assert "5 stories with codes are too few: 6 at least" in output


def test_a_bad_line_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With file and number."""
    code, output = run(tmp_path, [codec.encode(stories()[0]), b'{"id": 3}'], monkeypatch)
    assert code == 1
    assert "stories.jsonl, line 2" in output


def test_nothing_is_learned_from_what_must_not_be_seen() -> None:
    """Withdrawn, held and embargoed stories, and those of feeds that machines may not use."""
    first, second = stories(2)
    later = datetime.now(UTC) + timedelta(hours=1)
    changes: list[dict[str, Any]] = [
        {"status": Status.WITHDRAWN},
        {"status": Status.EMBARGOED},
        {"status": Status.EMBARGOED, "embargoed_until": later},
        {"feed": "private"},
    ]
    for change in changes:
        newer = msgspec.structs.replace(first, **change)
        taken = [("s0", 5, first), ("s1", 5, second), ("s0", 6, newer), ("s0", 4, first)]
        found = _examples(taken, Viewer(without_feeds=("private",)))
        assert [example.id for example in found] == ["s1"], change


def test_train_reads_the_enriched_topic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A story that was killed since is not learned from; an unreadable record is named."""
    enricher = Unenriched(1)
    values = [codec.encode(done) for done in enricher.enrich(stories())]
    killed = msgspec.structs.replace(blank(stories()[0]), status=Status.WITHDRAWN)
    values += [b"{}", codec.encode(enricher.enrich([killed])[0])]

    def read_topic(kafka: object, topic: str) -> Iterator[Record]:
        assert topic == "wire.enriched"
        for offset, value in enumerate(values):
            yield Record(topic, 0, offset, value, {}, b"", 0)

    monkeypatch.setattr("pipeline.kafka.reading.read_topic", read_topic)
    monkeypatch.setenv("NEWSWIRE_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["topics", "train"])
    assert done.exit_code == 0, done.output
    assert load(tmp_path / "topics.json").stories == 11
    assert "offset 12: " in done.output
