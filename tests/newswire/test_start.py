"""The command line starts quickly: what a command does not use is not imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import newswire
from newswire.__main__ import app
from newswire.commands import COMMANDS, load
from pipeline.wire.enriched import Provenance

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests/fixtures"
HEAVY = {
    *("aiokafka", "elasticsearch", "faust", "feedparser", "httpx", "kafka", "numpy", "spacy"),
    *("starlette", "uvicorn"),
}
STORY = b"<html><body><p>PARIS (AP) - The river rose.</p></body></html>"
RUN = """
import atexit, sys
atexit.register(lambda: print(sorted(%r & {n.split('.')[0] for n in sys.modules}), file=sys.stderr))
sys.argv[0] = "newswire"
from newswire.__main__ import main
main()
"""


def run(
    *arguments: str, heavy: set[str] = HEAVY, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a command; the last line on standard error lists the heavy modules that it imported."""
    return subprocess.run(
        [sys.executable, "-c", RUN % heavy, *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["parse", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """Help and version wait for no library of Kafka, Elasticsearch, spaCy or the web."""
    done = run(*arguments)
    assert (done.returncode, done.stderr.splitlines()) == (0, ["[]"])


def test_parse_imports_nothing_heavy(tmp_path: Path) -> None:
    """A delivery is parsed without them too."""
    (tmp_path / "a.html").write_bytes(STORY)
    done = run("parse", "--format", "text", str(tmp_path / "a.html"))
    assert (done.returncode, done.stderr.splitlines()) == (0, ["[]"])
    assert "river" in json.loads(done.stdout)["body"]


@pytest.mark.parametrize("path", ["nitf/*", "ninjs/*", "newsml_g2/*", "anpa1312/*"])
def test_parse_imports_no_more_than_the_format_needs(path: str) -> None:
    """A delivery in UTF-8 or ASCII waits for no detection of character sets and no tables."""
    delivery = min(p for p in FIXTURES.glob(path) if ".golden" not in p.name)
    done = run("parse", str(delivery), heavy=HEAVY | {"chardet", "rich"})
    assert done.stderr.splitlines()[-1] == "[]"
    assert json.loads(done.stdout.splitlines()[0])["id"]


@pytest.mark.parametrize("typed", ["", "de"])
def test_completion_imports_nothing_heavy(typed: str) -> None:
    """Shell completion lists the commands that begin so, with their first lines."""
    words = {"COMP_WORDS": f"newswire {typed}", "COMP_CWORD": "1"}
    done = run(_NEWSWIRE_COMPLETE="complete_bash", **words)
    expected = [name for name in COMMANDS if name.startswith(typed)]
    assert (done.stdout.split(), done.stderr.splitlines()[-1]) == (expected, "[]")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_the_first_line_of_the_help(name: str) -> None:
    """What the list of commands says of a command, its own help says first."""
    command = load(name)
    assert (command.help or "").split("\n\n")[0].replace("\n", " ") == COMMANDS[name][1]


def test_every_command_is_listed() -> None:
    """`newswire --help` lists every command with its summary."""
    group = get_command(app)
    assert {name: each.help for name, each in group.commands.items()} == {  # type: ignore[attr-defined]
        name: summary for name, (_, summary) in COMMANDS.items()
    }


def test_the_version_stands_once() -> None:
    """`--version`, the library and the records' provenance name the same version."""
    version = f"newswire {newswire.__version__}"
    assert run("--version").stdout.strip() == version
    record = Provenance(model="none", gazetteer="none", revision=1)
    assert record.pipeline == version
