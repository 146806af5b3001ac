"""The alias table and the files that users lay over it."""

import tomllib
from pathlib import Path

import pytest

from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.names import aliases
from pipeline.wire.errors import SetupError
from tools.aliases import clashes, places


def test_initials_count_in_capitals_only() -> None:
    """ "WHO" is a body; "who" and "Who" are words."""
    table = aliases.load()
    alias = table.find("WHO")
    assert alias is not None
    assert alias.name == "World Health Organization"
    assert table.find("who") is None
    assert table.find("Who") is None


def test_points_and_articles_do_not_matter() -> None:
    """A name is found with or without points and article."""
    table = aliases.load()
    names = {a.name for form in ("U.N.", "UN", "the United Nations") if (a := table.find(form))}
    assert names == {"United Nations"}


def test_a_user_s_file_lies_over_the_default(tmp_path: Path) -> None:
    """Own names are added, entries of the same name replaced, and the version changes."""
    file = tmp_path / "aliases.toml"
    file.write_text('[ORG]\n"Kolm Water Board" = ["KWB"]\n[kb]\n"Kolm Water Board" = "own:7"\n')
    table = aliases.load([file])
    alias = table.find("KWB")
    assert alias == aliases.Alias("Kolm Water Board", "ORG", "own:7")
    assert table.find("IMF") is not None
    assert table.version != aliases.load().version


@pytest.mark.parametrize(
    "text", ["[ORG]\nX = 1\n", "[PLANET]\nX = []\n", "ORG = ", "[kb]\nX = 1\n"]
)
def test_a_file_of_another_form_stops_the_start(tmp_path: Path, text: str) -> None:
    """A broken table is told by its path, not read in part."""
    file = tmp_path / "aliases.toml"
    file.write_text(text)
    with pytest.raises(SetupError, match=r"aliases\.toml"):
        aliases.load([file])


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    """A table that is configured must be there."""
    with pytest.raises(SetupError, match="can't be read"):
        aliases.load([tmp_path / "none.toml"])


def test_no_name_of_the_shipped_table_stands_for_two_things() -> None:
    """Each name and alias is written once, and each id is of one name of the table."""
    assert list(clashes([aliases.DEFAULT_FILE])) == []
    table = tomllib.loads(aliases.DEFAULT_FILE.read_text(encoding="utf-8"))
    assert sum(len(table[label]) for label in ("PERSON", "ORG", "NORP")) >= 600


def test_clashes_of_tables_are_named(tmp_path: Path, gazetteer: Gazetteer) -> None:
    """Within a file, and between the files that lie over each other."""
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text('[ORG]\n"Kolm Board" = ["KB"]\n[kb]\n"Kolm Board" = "own:1"\n')
    second.write_text(
        '[ORG]\n"Karst Bank" = ["KB", "Kenya"]\n[kb]\n"Karst Bank" = "own:1"\n"Gone" = "own:2"\n'
    )
    assert list(clashes([first])) == []
    assert set(clashes([first, second])) == {
        "KB stands for Karst Bank and for Kolm Board",
        "own:1 is the id of Karst Bank and of Kolm Board",
        "Gone has an id and is in no table",
    }
    assert list(places([second], gazetteer)) == ["Kenya (Karst Bank) is also Kenya, KE"]


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("DPRK", "North Korea"),
        ("Kiev", "Kyiv"),
        ("Daesh", "Islamic State"),
        ("Tayyip Erdogan", "Recep Tayyip Erdogan"),
        ("Moammar Gadhafi", "Muammar Gaddafi"),
        ("Alexey Navalny", "Alexei Navalny"),
    ],
)
def test_spellings_of_other_agencies_are_known(form: str, name: str) -> None:
    """The same person or body has one id under all its spellings."""
    found = aliases.load().find(form)
    assert found is not None
    assert found.name == name


def test_spellings_of_a_surname_are_known() -> None:
    """Other surnames of a person, and names in full, are none."""
    table = aliases.load()
    assert {"Zelenskyy", "Zelensky", "Selenskyj"} <= set(table.surnames("zelenskiy"))
    assert table.surnames("Sisi") == ("Sisi", "Sissi")
    assert table.surnames("Silva") == table.surnames("Assad") == table.surnames("nobody") == ()
