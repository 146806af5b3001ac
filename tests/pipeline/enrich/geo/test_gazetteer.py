"""The gazetteer file: names in, places out."""

from pathlib import Path

import pytest

from pipeline.enrich.folding import fold
from pipeline.enrich.geo.build import build, info, tables_hash
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.shipped import ensure
from pipeline.wire.errors import SetupError


def meant(gazetteer: Gazetteer, name: str) -> set[tuple[str, str, str | None]]:
    return {(s.entry.name, s.entry.feature[:3], s.entry.country) for s in gazetteer.lookup(name)}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("CÓRDOBA", ("Córdoba", "PPL", "ES")),
        ("Cordoba", ("Córdoba", "PPL", "ES")),
        ("St. Petersburg", ("Saint Petersburg", "PPL", "RU")),
        ("Calif.", ("California", "ADM", "US")),
        ("N.D.", ("North Dakota", "ADM", "US")),
        ("Nova Scotia", ("Nova Scotia", "ADM", "CA")),
        ("DPRK", ("North Korea", "PCL", "KP")),
        ("Holy See", ("Vatican", "PCL", "VA")),
        ("Kiev", ("Kyiv", "PPL", "UA")),
        ("Baltic Sea", ("Baltic Sea", "SEA", None)),
        ("Razdolnaya River", ("Razdolnaya River", "STM", "RU")),
        ("Lamar County", ("Lamar County", "ADM", "US")),
        ("Far East", ("Far East", "RGN", "RU")),
        ("Sahel", ("Sahel", "RGN", None)),
        ("West Bank", ("West Bank", "ADM", "PS")),
    ],
)
def test_a_name_finds_its_place(
    gazetteer: Gazetteer, name: str, place: tuple[str, str, str | None]
) -> None:
    """Alternates, abbreviations, seas, counties and regions, in any case and spelling."""
    assert place in meant(gazetteer, name)


@pytest.mark.parametrize(
    ("word", "country"), [("North Korean", "KP"), ("Filipinos", "PH"), ("Kenyan", "KE")]
)
def test_a_demonym_points_at_its_country(gazetteer: Gazetteer, word: str, country: str) -> None:
    """A demonym's sense is marked as one, so that a user can leave it out."""
    senses = [s for s in gazetteer.lookup(word) if s.kind == "demonym"]
    assert [s.entry.country for s in senses] == [country]


@pytest.mark.parametrize(
    ("name", "country", "people"),
    [
        ("Cologne", "DE", 900_000),
        ("Frankfurt", "DE", 600_000),
        ("Seville", "ES", 600_000),
        ("Bruges", "BE", 100_000),
        ("Aarhus", "DK", 200_000),
        ("Fez", "MA", 900_000),
        ("Raqqa", "SY", 200_000),
    ],
)
def test_a_town_has_its_english_name(
    gazetteer: Gazetteer, name: str, country: str, people: int
) -> None:
    """The largest town of an English name is the one that English means by it."""
    senses = [s for s in gazetteer.lookup(name) if s.kind == "name"]
    largest = max(senses, key=lambda s: s.entry.population).entry
    assert (largest.country, largest.population > people) == (country, True)


def test_former_names_are_marked(gazetteer: Gazetteer) -> None:
    """Leningrad is Saint Petersburg, by a name that it no longer has."""
    assert ("Saint Petersburg", "former") in {
        (s.entry.name, s.kind) for s in gazetteer.lookup("Leningrad")
    }


def test_a_town_lies_in_its_divisions(gazetteer: Gazetteer) -> None:
    """Paris, Texas, knows its state and its county."""
    [paris] = [
        s.entry for s in gazetteer.lookup("Paris")
        if s.entry.feature == "PPL" and gazetteer.admin1_name(s.entry) == "Texas"
    ]  # fmt: skip
    assert paris.admin2 is not None
    assert gazetteer.entry(paris.admin2).name == "Lamar County"


def test_a_country_stands_where_geonames_puts_it(gazetteer: Gazetteer) -> None:
    """A country's point is GeoNames' own, not its centre of population."""
    canada = gazetteer.country("CA")
    assert canada is not None
    assert canada.latitude == pytest.approx(60.1, abs=0.2)


def test_unknown_names_find_nothing(gazetteer: Gazetteer) -> None:
    """A name that is no place's has no senses."""
    assert gazetteer.lookup("Qwertzuiopa") == ()
    assert gazetteer.lookup("") == ()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Saint-Étienne", "St Etienne"),
        ("Hawai‘i", "HAWAII"),
        ("Łódź", "lodz"),
        ("Winston–Salem", "Winston-Salem"),
        ("Fort Worth", "Ft. Worth"),
    ],
)
def test_spellings_fold_to_one_key(a: str, b: str) -> None:
    """Case, diacritics, apostrophes, dashes and "Saint" do not tell names apart."""
    assert fold(a) == fold(b)


DUMP = (
    "4717560\tParis\tParis\tParis Texas\t33.66094\t-95.55551\tP\tPPLA2\tUS\t\tTX\t277"
    "\t\t\t24782\t\t180\tAmerica/Chicago\t2017-05-23\n"
    "4736286\tTexas\tTexas\tTejas\t31.25044\t-99.25061\tA\tADM1\tUS\t\tTX\t"
    "\t\t\t22875689\t\t0\tAmerica/Chicago\t2019-01-01\n"
    "6252001\tUnited States\tUnited States\tUSA\t39.76\t-98.5\tA\tPCLI\tUS\t\t00\t"
    "\t\t\t327167434\t\t0\t\t2019-01-01\n"
    "1\tTexas School\tTexas School\t\t31.0\t-99.0\tS\tSCH\tUS\t\tTX\t"
    "\t\t\t0\t\t0\tAmerica/Chicago\t2019-01-01\n"
)


def test_a_geonames_dump_builds_a_gazetteer(tmp_path: Path) -> None:
    """Divisions hold their towns, spots are left out, and the tables are worked in."""
    (tmp_path / "dump.txt").write_text(DUMP, encoding="utf-8")
    build(tmp_path / "g.bin", tmp_path / "dump.txt")
    built = Gazetteer(tmp_path / "g.bin")
    [paris] = built.lookup("Paris Texas")
    assert built.admin1_name(paris.entry) == "Texas"
    assert built.lookup("Texas School") == ()
    assert "demonym" in {s.kind for s in built.lookup("Texan")}
    assert "CC BY 4.0" in info(built)["licence"]


def test_a_dump_of_another_form_is_refused(tmp_path: Path) -> None:
    """The error names the line that does not fit."""
    (tmp_path / "dump.txt").write_text("1\tParis\n", encoding="utf-8")
    with pytest.raises(SetupError, match="line 1 has 2 fields"):
        build(tmp_path / "g.bin", tmp_path / "dump.txt")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """A file that was cut or changed does not open."""
    (tmp_path / "dump.txt").write_text(DUMP, encoding="utf-8")
    build(tmp_path / "g.bin", tmp_path / "dump.txt")
    whole = (tmp_path / "g.bin").read_bytes()
    (tmp_path / "g.bin").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(SetupError, match="damaged"):
        Gazetteer(tmp_path / "g.bin")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The message names the command that builds it."""
    with pytest.raises(SetupError, match="newswire gazetteer build"):
        Gazetteer(tmp_path / "none.bin")


def test_a_foreign_name_is_found_in_its_language_alone(gazetteer: Gazetteer) -> None:
    """ "Польша" is Poland to a Russian text and nothing to an English one."""
    assert not gazetteer.lookup("Польша", "en")
    [sense] = gazetteer.lookup("Польша", "ru")
    assert (sense.entry.country, sense.kind) == ("PL", "name")


@pytest.mark.parametrize(
    ("language", "name"),
    [("de", "Warschau"), ("fr", "Varsovie"), ("ru", "Варшава"), ("en", "Warsaw")],
)
def test_one_place_has_one_id_in_all_languages(
    gazetteer: Gazetteer, language: str, name: str
) -> None:
    """What languages call a city is the same entry."""
    assert 756135 in {s.entry.id for s in gazetteer.lookup(name, language)}


def test_the_shipped_file_holds_the_tables_as_they_are(gazetteer: Gazetteer) -> None:
    """A change of a table reaches the package only when `python -m tools.gazetteer` has run."""
    assert gazetteer.header["tables"] == tables_hash()


def test_the_shipped_file_is_unpacked_once(tmp_path: Path) -> None:
    """A second start maps the file that is there."""
    path = ensure(tmp_path / "new")
    written = path.stat().st_ino
    assert ensure(tmp_path / "new") == path
    assert path.stat().st_ino == written
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_file_that_a_full_disk_has_cut_is_unpacked_again(tmp_path: Path) -> None:
    """The unpacked gazetteer is made whole at the next start."""
    path = ensure(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    assert ensure(tmp_path) == path
    assert path.read_bytes() == whole


@pytest.mark.parametrize("kept", [100, 1_000, 100_000])
def test_a_cut_file_is_refused(tmp_path: Path, kept: int) -> None:
    """A file that ends within its header or its columns is damaged, in one sentence."""
    cut = tmp_path / "cut.bin"
    cut.write_bytes(ensure(tmp_path).read_bytes()[:kept])
    with pytest.raises(SetupError, match="is damaged: delete it, or build it again"):
        Gazetteer(cut)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The error says which file, and that it can't be written."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match=r"can't be written to .*file"):
        ensure(tmp_path / "file")
