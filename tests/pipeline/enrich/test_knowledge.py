"""Entities and the entries of a knowledge base that they are."""

import json
from pathlib import Path

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.knowledge import Knowledge, build
from pipeline.enrich.wikidata import Extract
from pipeline.wire.errors import SetupError
from pipeline.wire.story import Story, Subject

CSV = """id,name,aliases,type,links,description
Q901,Ilse Marrant,I. Marrant|Ilse Anna Marrant,human,40,"minister of Velland, lawyer"
http://www.wikidata.org/entity/Q902,Ilse Marrant,,Q5,35,cellist and composer
Q903,Tovo Shipping,Tovo Shipping Company,business,9,carrier
Q904,Velland,,country,90,state
"""


def item(id_: str, name: str, kind: str, **labels: str) -> str:
    value = {
        "id": id_,
        "labels": {
            "en": {"language": "en", "value": name},
            **{code: {"value": label} for code, label in labels.items()},
        },
        "aliases": {"de": [{"value": f"{name} AG"}]},
        "descriptions": {"en": {"value": "a carrier"}},
        "claims": {"P31": [{"mainsnak": {"datavalue": {"value": {"id": kind}}}}]},
        "sitelinks": {"enwiki": {}, "dewiki": {}},
    }
    return json.dumps(value)


def table(folder: Path, text: str, name: str = "extract.csv") -> Knowledge:
    (folder / name).write_text(text, encoding="utf-8")
    build(folder / "kb.sqlite", Extract(folder / name), "test")
    return Knowledge(folder / "kb.sqlite")


@pytest.mark.parametrize(
    ("text", "kb", "id_"),
    [
        ("Ilse Marrant, the cellist, played in Oslo.", "wikidata:Q902", "person:ilse-marrant-q902"),
        ("Ilse Marrant, the minister, spoke in Oslo.", "wikidata:Q901", "person:ilse-marrant"),
        ("Ilse Marrant arrived in Oslo.", None, "person:ilse-marrant"),
    ],
)
def test_context_tells_namesakes_apart(
    gazetteer: Gazetteer, tmp_path: Path, text: str, kb: str | None, id_: str
) -> None:
    """And where nothing speaks for one of two that are about as well known, none is taken."""
    enricher = Enricher(gazetteer, knowledge=table(tmp_path, CSV))
    [done] = enricher.enrich([Story(id="x", language="en", body=text)])
    [person] = [e for e in done.entities if e.label == "PERSON"]
    assert (person.kb, person.id) == (kb, id_)
    assert (done.provenance.aliases or "").endswith("; test")


def test_a_name_in_another_language_is_the_same_thing(tmp_path: Path) -> None:
    """All labels and aliases of an item are its names; types without a label are left out."""
    lines = [
        "[",
        item("Q1", "Tovo Shipping", "Q4830453", fr="Compagnie Tovo") + ",",
        item("Q2", "Velland", "Q6256"),
        "]",
    ]
    knowledge = table(tmp_path, "\n".join(lines), "dump.json")
    assert {knowledge.find(n)[0].id for n in ("Compagnie Tovo", "Tovo Shipping AG")} == {
        "wikidata:Q1"
    }
    assert knowledge.find("Velland") == ()
    assert knowledge.find("Tovo Shipping")[0].links == 2


def test_an_id_that_the_wire_brings_goes_before(enricher: Enricher) -> None:
    """The subject stays in the story, and the entity of its name has its id."""
    story = Story(
        id="x",
        language="en",
        body="Ilse Marrant arrived in Oslo.",
        subjects=(Subject(code="p-77", name="Ilse Marrant", scheme="cpnat"),),
    )
    [done] = enricher.enrich([story])
    assert [e.kb for e in done.entities if e.label == "PERSON"] == ["cpnat:p-77"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "id,name\nQ1,X\n", "no column type"),
        ("a.csv", "id,name,type,links\nQ1,X,human,many\n", "line 2"),
        ("a.json", '{"id": "Q1", "labels"', "line 1"),
        ("a.json", '[{"labels": {"en": {}}}]', "line 1"),
    ],
)
def test_a_file_that_is_no_extract_is_refused(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    """The error names the line, and no table is left behind."""
    with pytest.raises(SetupError, match=said):
        table(tmp_path, text, name)
    assert not list(tmp_path.glob("kb*"))


def test_a_file_that_is_no_table_stops_the_start(tmp_path: Path) -> None:
    """The error says what makes one."""
    (tmp_path / "x").write_text("no table")
    for path in (tmp_path / "x", tmp_path / "missing"):
        with pytest.raises(SetupError, match="kb build"):
            Knowledge(path)
