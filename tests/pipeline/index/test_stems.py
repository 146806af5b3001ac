"""Words are searched without accents, possessives and endings, by the language of the story."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.index import stems
from pipeline.index.stems import (
    ALGORITHMS,
    LONGEST,
    OTHER,
    _chunks,
    _spelt,
    base_language,
    folded,
    folded_name,
    wanted,
)


def finds(typed: str, text: str, language: str) -> bool:
    """Whether a typed word finds a text of a language."""
    return bool(set(wanted(typed)) & set(folded(text, base_language(language)).split()))


@pytest.mark.parametrize(
    ("language", "written", "typed"),
    [
        ("en", "Erdoğan", "Erdogan"),
        ("en", "Erdogan", "Erdoğan"),
        ("en-GB", "São", "Sao"),
        ("en", "İzmir", "Izmir"),
        ("en", "IZMIR", "İzmir"),
        ("en", "Beyoncé", "beyonce"),
        ("en", "Korea's", "Korea"),
        ("en", "Korea", "Korea’s"),
        ("en", "fires", "fire"),
        ("en", "elected", "election"),
        ("en", "U.S.", "US"),
        ("en", "1,000", "1000"),
        ("en", "Tromsø", "Tromso"),
        ("de", "Häuser", "Haus"),
        ("de-CH", "Überschwemmungen", "Ueberschwemmung"),
        ("de", "Straße", "Strasse"),
        ("fr", "élections", "election"),
        ("fr", "l’Assemblée", "assemblee"),
        ("fr", "arrêtées", "arreter"),
        ("es", "elección", "elecciones"),
        ("es", "eleccion", "elección"),
        ("it", "dell'Italia", "Italia"),
        ("it", "elezioni", "elezione"),
        ("pt-BR", "eleição", "eleicao"),
        ("nl", "verkiezingen", "verkiezing"),
        ("da", "valget", "valg"),
        ("nb", "valgene", "valg"),
        ("nn", "Ålesund", "Alesund"),
        ("sv", "bränder", "brand"),
        ("fi", "talossa", "talo"),
        ("ru", "выборов", "выборы"),
        ("ru", "ёлка", "елка"),
        ("el", "εκλογές", "εκλογη"),
        ("ar", "الانتخابات", "انتخابات"),
        ("tr", "seçim", "secim"),
        ("ja", "東京都知事", "東京"),
        (None, "Łódź", "lodz"),
    ],
)
def test_a_word_finds_its_forms(language: str | None, written: str, typed: str) -> None:
    """What is typed finds what is written, by the rules of the story's language."""
    assert finds(typed, written, language or "")


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "woman", "women"),
        ("en", "policeman", "policemen"),
        ("en", "crisis", "crises"),
        ("en", "strike", "struck"),
        ("fr", "loi", "lois"),
        ("fr", "élu", "élus"),
        ("fr", "feu", "feux"),
        ("es", "ciudad", "ciudades"),
        ("es", "juez", "jueces"),
        ("es", "mujer", "mujeres"),
        ("pt", "eleição", "eleições"),
        ("pt", "eleição", "eleicoes"),
        ("pt", "cidadão", "cidadãos"),
        ("pt", "federal", "federais"),
        ("pt", "homem", "homens"),
        ("pt", "lei", "leis"),
        ("nl", "kind", "kinderen"),
        ("da", "by", "byen"),
        ("sv", "skola", "skolan"),
        ("ru", "беженец", "беженцев"),
    ],
)
def test_irregular_forms_find_each_other(language: str, one: str, other: str) -> None:
    """Plurals and tenses that change more than their ending, both ways."""
    assert finds(one, other, language)
    assert finds(other, one, language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [("fr", "français", "française"), ("fr", "heureux", "heureuse"), ("es", "grande", "grandes")],
)
def test_regular_forms_stay_together(language: str, one: str, other: str) -> None:
    """What looks like an irregular ending and is none does no harm."""
    assert finds(one, other, language)
    assert finds(other, one, language)


@pytest.mark.parametrize(
    ("language", "written", "typed"),
    [
        ("en", "fir", "fires"),  # the Spanish stem of "fires" is "fir"
        ("en", "organ", "orange"),
        ("xx", "fires", "fire"),
        ("de", "fires", "fired"),
        ("zh", "京東", "東京"),
    ],
)
def test_a_word_finds_no_other(language: str, written: str, typed: str) -> None:
    """A stem of one language meets no word of another."""
    assert not finds(typed, written, language)


@given(st.text(), st.sampled_from([*ALGORITHMS, OTHER]))
def test_every_text_is_found_by_its_words(text: str, language: str) -> None:
    """Whatever a text is, each term is one word of it, and the same word typed finds it."""
    terms = folded(text, language).split()
    assert all(term[:2] in (language, OTHER) for term in terms)
    folded_name(text)
    for word in text.split():
        wanted(word)


@given(st.text(), st.sampled_from([*ALGORITHMS, OTHER]))
def test_a_text_is_its_words_one_after_the_other(text: str, language: str) -> None:
    """What is remembered of the text between two blanks is what its words say, in their order."""
    found = [stems.terms(word.group(), language) for word in stems.words(text)]
    assert folded(text, language).split() == [term for terms in found for term in terms]


def test_a_sentence_without_blanks_is_not_kept() -> None:
    """A worker runs for months: it keeps words, not the sentences of a wire in Chinese."""
    folded("警察在火車站逮捕了兩名嫌犯，" * 20 + " word", OTHER)
    assert "word" in _chunks(OTHER)
    assert max(map(len, _chunks(OTHER))) <= LONGEST
    kept = _spelt.cache_info().currsize
    folded("警察，" + "a" * (LONGEST + 1), OTHER)
    assert _spelt.cache_info().currsize == kept


def test_a_name_is_found_without_case_and_accents() -> None:
    """Names have no endings: only case, accents and possessives are left out."""
    assert folded_name("Recep Tayyip ERDOĞAN's") == "recep tayyip erdogan"
    assert folded_name("Jean-Luc Mélenchon") == "jean luc melenchon"
