"""The alias table and the files that users lay over it."""

from pathlib import Path

import pytest

from pipeline.enrich.names import aliases
from pipeline.wire.errors import SetupError


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
