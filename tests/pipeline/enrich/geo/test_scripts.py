"""Places in other scripts than Latin."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.scripts import languages, recognise
from pipeline.wire.story import Story


@pytest.mark.parametrize(
    ("language", "text", "places"),
    [
        (
            "ru",
            "Президент России встретился в Москве с послом Саудовской Аравии и США.",
            {"России": "RU", "Москве": "RU", "Саудовской Аравии": "SA", "США": "US"},
        ),
        ("uk", "Президент України прибув до Варшави.", {"України": "UA", "Варшави": "PL"}),
        ("el", "Μίλησε στην Αθήνα για τη Γερμανία.", {"Αθήνα": "GR", "Γερμανία": "DE"}),
        ("ar", "وصل الرئيس إلى القاهرة من روسيا.", {"القاهرة": "EG", "روسيا": "RU"}),
        ("he", "הוא נפגש בלונדון עם נשיא צרפת.", {"בלונדון": "GB", "צרפת": "FR"}),
        ("zh", "俄罗斯总统在北京会见记者。", {"俄罗斯": "RU", "北京": "CN"}),
        ("ja", "首相は東京でロシアの大使と会談した。", {"東京": "JP", "ロシア": "RU"}),
        ("ko", "미국은 서울에서 회담을 했다.", {"미국은": "US", "서울에서": "KR"}),
    ],
)
def test_countries_and_cities_are_found_by_their_names(
    enricher: Enricher, language: str, text: str, places: dict[str, str]
) -> None:
    """Behind case endings and prefixes and before particles too."""
    [done] = enricher.enrich([Story(id="x", language=language, body=text)])
    found = {text[m.start : m.end]: p.country_code for p in done.places for m in p.mentions}
    assert found == places
    assert done.provenance.model == "none"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Того, кто пришел, не ждали."),
        ("ja", "グリーンランドセルを買った。"),
        ("ko", "인도적 지원이 왔다."),
        ("ar", "قال إن الوضع مالي."),
        ("zh", "他们在那里。"),
    ],
)
def test_words_that_only_look_like_names_are_none(
    gazetteer: Gazetteer, language: str, text: str
) -> None:
    """Common words, and names within longer ones."""
    assert recognise(text, language, gazetteer) == []


def test_a_place_has_the_id_of_english_stories(enricher: Enricher) -> None:
    """So that a search, an alert or a map works across languages."""
    ids = set()
    for language, text in (("ru", "Он живет в Москве."), ("ja", "彼はモスクワに住む。")):
        [done] = enricher.enrich([Story(id="x", language=language, body=text)])
        ids |= {(e.id, e.kb) for e in done.entities}
    assert ids == {("gpe:moscow", "geonames:524901")}


def test_every_name_of_the_table_has_a_place(gazetteer: Gazetteer) -> None:
    """A name that the gazetteer doesn't know would be lost without a word."""
    missing = [
        (language, name, place)
        for language, script in languages().items()
        for name, place in (script.names or {}).items()
        if not _known(place, gazetteer)
    ]
    assert missing == []


def _known(place: str, gazetteer: Gazetteer) -> bool:
    name, _, country = place.rpartition("/")
    if not name:
        return gazetteer.country(country) is not None
    return any(s.entry.country == country for s in gazetteer.lookup(name))
