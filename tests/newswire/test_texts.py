"""`newswire parse` and `newswire enrich`: JSON Lines in and out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newswire.__main__ import app
from pipeline.enrich.enricher import Enricher

TEXT = (
    "TURKU, Finland (AP) — The harbour of Turku was closed on Monday.\n\n"
    "Mayor Minna Arve said ships would go to Naantali.\n"
)


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


def _file(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def test_parse_prints_one_story_a_line(run: CliRunner, tmp_path: Path) -> None:
    """Each story of each file is one JSON object on standard output."""
    files = [_file(tmp_path, f"{n}.txt", TEXT.encode()) for n in range(2)]
    done = run.invoke(app, ["parse", "--format", "text", *files])
    stories = [json.loads(line) for line in done.stdout.splitlines()]
    assert [story["dateline"]["place"] for story in stories] == ["TURKU, Finland"] * 2
    assert done.exit_code == 0


def test_parse_tells_a_bad_file_and_goes_on(run: CliRunner, tmp_path: Path) -> None:
    """A file that can't be read is one error record that names it; the next one is read."""
    bad = _file(tmp_path, "bad.xml", b"<nitf><head>")
    good = _file(tmp_path, "good.txt", TEXT.encode())
    done = run.invoke(app, ["parse", "--format", "nitf", bad, str(tmp_path / "none.xml")])
    errors = [json.loads(line) for line in done.stderr.splitlines()]
    assert [error["file"] for error in errors] == [bad, str(tmp_path / "none.xml")]
    assert done.stdout == ""
    assert done.exit_code == 1
    assert run.invoke(app, ["parse", "--format", "text", good]).exit_code == 0


def test_parse_of_an_unknown_format_names_the_known_ones(run: CliRunner, tmp_path: Path) -> None:
    """A format that does not exist ends the command with those that do."""
    done = run.invoke(app, ["parse", "--format", "nope", _file(tmp_path, "x", b"x")])
    assert done.exit_code == 2
    assert "nitf" in done.stderr


def test_enrich_keeps_ids_and_offsets(
    run: CliRunner, enricher: Enricher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line out has the id of its line in, and offsets into the given text."""
    monkeypatch.setattr("pipeline.enrich.enricher.load", lambda settings: enricher)
    texts = {7: "  Storm hits Lisbon.\n\nPortugal’s army helped.", "b": ""}
    lines = "\n".join(json.dumps({"id": key, "text": text}) for key, text in texts.items())
    done = run.invoke(app, ["enrich"], input=lines)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["id"] for result in results] == [7, "b"]
    found = {t["text"]: t for t in results[0]["toponyms"]}
    assert found["Lisbon"]["geonames_id"] == 2267057
    assert {"lat", "lon", "name", "country", "confidence"} <= found["Lisbon"].keys()
    for toponym in results[0]["toponyms"]:
        assert texts[7][toponym["start"] : toponym["end"]] == toponym["text"]
    assert results[1] == {
        "id": "b", "entities": [], "quotes": [], "toponyms": [], "focus": [],
        "focus_country": None,
        "topics": [],
    }  # fmt: skip


def test_enrich_prints_what_the_worker_has(
    run: CliRunner, enricher: Enricher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Titles, ids of knowledge bases, salience, quotes, reasons and the focus are printed."""
    monkeypatch.setattr("pipeline.enrich.enricher.load", lambda settings: enricher)
    text = (
        "LISBON (AP) - President Ana Ruiz met the United Nations envoy in Lisbon on Monday.\n\n"
        '"We agreed on all of it," Ruiz said in Lisbon.'
    )
    done = run.invoke(app, ["enrich"], input=json.dumps({"id": "a", "text": text}))
    [result] = [json.loads(line) for line in done.stdout.splitlines()]
    entities = {entity["id"]: entity for entity in result["entities"]}
    assert entities["person:ana-ruiz"]["title"] == "President"
    assert 0 < entities["person:ana-ruiz"]["salience"] <= 1
    assert entities["org:united-nations"]["kb"] == "wikidata:Q1065"
    [quote] = result["quotes"]
    assert quote["speaker"] == "person:ana-ruiz"
    assert text[quote["start"] : quote["end"]] == "We agreed on all of it,"
    assert result["focus_country"] == "PT"
    assert 2267057 in result["focus"]
    assert all(toponym["reason"] for toponym in result["toponyms"])


def test_enrich_names_the_line_that_is_no_story(run: CliRunner, tmp_path: Path) -> None:
    """A line that is neither a story nor a text ends the command with file and line."""
    path = _file(tmp_path, "in.jsonl", b'{"id": 1}\n')
    done = run.invoke(app, ["enrich", path, "--model", "none"])
    assert done.exit_code == 1
    assert "line 1" in done.stderr


def test_an_unknown_setting_stops_the_start(run: CliRunner, tmp_path: Path) -> None:
    """A key that newswire does not know is named, with its file, and the exit code is 2."""
    path = _file(tmp_path, "my.toml", b"[kafka]\nbroker = 'x'\n")
    done = run.invoke(app, ["--config", path, "status"])
    assert done.exit_code == 2
    assert "kafka.broker" in done.stderr
    assert "my.toml" in done.stderr.replace("\n", "")


COMMANDS = [
    "run",
    "setup",
    "ingest",
    "worker",
    "search",
    "show",
    "status",
    "parse",
    "enrich",
    "replay",
    "reindex",
    "where",
    "deadletters",
    "gazetteer",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_itself(run: CliRunner, command: str) -> None:
    """Each command has a help text that says what it does."""
    done = run.invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert "Usage:" in done.stdout
