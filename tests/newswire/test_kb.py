"""`newswire kb build`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from newswire.__main__ import app
from pipeline.enrich.knowledge import Knowledge


def test_build_says_where_the_table_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how many items it has and lacks; the file is one that enrichment reads."""
    monkeypatch.setenv("NEWSWIRE_DATA_DIR", str(tmp_path / "data"))
    file = tmp_path / "own.csv"
    file.write_text("id,name,type\nQ1,Tovo Shipping,business\nQ2,Velland,country\n")
    done = CliRunner().invoke(app, ["kb", "build", str(file)])
    assert done.exit_code == 0, done.output
    assert "1 entries; 1 items" in done.output
    table = Knowledge(tmp_path / "data" / "kb" / "own.sqlite")
    assert table.find("tovo shipping")[0].id == "wikidata:Q1"
