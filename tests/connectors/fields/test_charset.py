"""Bytes to text: declarations are tried, lies are seen through, nothing unsafe passes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fields.charset import decode, sanitise, to_utf8
from connectors.formats import FORMATS, Context


@pytest.mark.parametrize(
    ("raw", "declared", "text"),
    [
        ("Ærø – 5 €".encode(), "iso-8859-1", "Ærø – 5 €"),
        ("à Landquart".encode("iso-8859-15"), "ISO-8859-15", "à Landquart"),
        ("5 €".encode("iso-8859-15"), "ISO-8859-15", "5 €"),
        ("“it’s”".encode("cp1252"), "iso-8859-1", "“it’s”"),
        ("“it’s”".encode("cp1252"), None, "“it’s”"),
        ("“it’s”".encode("cp1252"), "utf-8", "“it’s”"),
        (b"caf\xe9, " + "naïve – señor".encode(), "utf-8", "café, naïve – señor"),
        ("新聞".encode("shift_jis"), "Shift_JIS", "新聞"),
        ("新聞".encode("iso2022_jp"), "ISO-2022-JP", "新聞"),
        ("Ω".encode("utf-16"), "utf-16", "Ω"),
        (b"\xef\xbb\xbfplain", "latin-1", "plain"),
        (b"plain", "utf-16", "plain"),
        ("ü".encode(), "no-such-set", "ü"),
        (b"abc", "zlib", "abc"),
    ],
)
def test_decode(raw: bytes, declared: str | None, text: str) -> None:
    """Strict UTF-8 comes first, then the declared set, and windows-1252 for Latin-1."""
    assert decode(raw, declared) == text


@pytest.mark.parametrize("taken_for", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["Décès à l'hôpital – «non»", "Ελλάδα και", "‘It’s’ – €5"])
def test_text_that_was_encoded_twice(text: str, taken_for: str) -> None:
    """UTF-8 taken for windows-1252 and encoded again comes out as it was meant."""
    assert decode(text.encode().decode(taken_for).encode()) == text


@pytest.mark.parametrize("taken_for", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["the ferry’s café", "a naïve – dash", "so…"])
def test_one_mark_that_was_encoded_twice(text: str, taken_for: str) -> None:
    """A single apostrophe or dash is repaired, though the accents beside it are sound."""
    mark = next(character for character in text if character in "’–…")
    damaged = text.replace(mark, mark.encode().decode(taken_for))
    assert decode(damaged.encode()) == text


@pytest.mark.parametrize("text", ["IRMÃ” É SÃ: “NÃO” À MÃE", "Â” Ã” once", "naïve – café"])
def test_sound_text_is_left_alone(text: str) -> None:
    """Accents that stand beside quotation marks are not taken for mojibake."""
    assert decode(text.encode()) == text


def test_sanitise_keeps_what_is_text() -> None:
    """Soft hyphens, tabs and no-break spaces stay; line ends become line feeds."""
    assert sanitise("soft\xadhyphen\ta\xa0b\r\nc\rd") == "soft\xadhyphen\ta\xa0b\nc\nd"


def test_sanitise_drops_what_is_not() -> None:
    """Controls go, C1 codes become windows-1252's characters, surrogates are replaced."""
    assert sanitise("a\x00\x08b\x92s \ud800\ufeff\x1f") == "ab’s \ufffd"


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "latin-1", "utf-16", "cp932"]))
def test_any_bytes_become_clean_text(raw: bytes, declared: str | None) -> None:
    """Whatever arrives, the result is writable as UTF-8 and holds no control character."""
    text = sanitise(decode(raw, declared))
    text.encode("utf-8")
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c not in "\t\n"]


TEXTS = (
    ("Паром снова ходит.", "koi8-r cp1251 iso8859-5 cp866"),
    ("Порт сообщил об этом в понедельник.\nЭкипаж рад.", "koi8-r cp1251 iso8859-5 cp866"),
    ("Пором знову курсує між островами, її екіпаж згоден.", "cp1251 koi8-u"),
    ("Фериботът отново плава до острова.", "cp1251 iso8859-5"),
    ("Wałęsa powiedział w środę, że święto odbędzie się w Łodzi.", "iso8859-2 cp1250"),
    ("Łódź wygrała mecz", "iso8859-2 cp1250"),
    ("Trajekt opět jezdí do přístavu, řekl ministr.", "iso8859-2 cp1250"),
    ("Policie vyšetřuje příčinu požáru ve skladišti na okraji Brna.", "iso8859-2 cp1250"),
    ("Győzött a női csapat, erdőtűz pusztított a Balatonnál.", "iso8859-2 cp1250"),
    ("Trajekt opäť premáva, vodiči budú platiť viac ako doteraz.", "iso8859-2 cp1250"),
    ("Vozači će plaćati više, što je izazvalo žestoke prosvjede.", "iso8859-2 cp1250"),
    ("Feribotul circulă din nou între insulă şi ţărm.", "iso8859-2 cp1250"),
    ("Feribot seferleri çarşamba günü yeniden başladı.", "cp1254 iso8859-9"),
    ("Keltas vėl plaukia į uostą, žmonės patenkinti.", "cp1257"),
    ("Prāmis atkal kursē uz ostu, cilvēki ir apmierināti.", "cp1257"),
    ("Το πλοίο επέστρεψε τη Δευτέρα στο λιμάνι.", "cp1253 iso8859-7"),
    ("המעבורת חזרה לפעול ביום רביעי.", "cp1255"),
    ("عادت العبارة إلى العمل يوم الأربعاء.", "cp1256"),
    ("渡輪星期一恢復航行，港務局宣佈。船員很高興。", "big5"),
    ("渡轮恢复航行，港务局宣布。", "gb18030"),
    ("フェリーが月曜日に運航を再開した。港湾当局が発表した。", "shift_jis euc_jp"),
    ("여객선이 월요일 운항을 재개했다고 항만 당국이 발표했다.", "euc_kr"),
)
WESTERN = (
    "Die Fähre fährt wieder – „gut so“, sagte er in München.",
    "L’Élysée a annoncé l’été dernier « ça ira » à Noël.",
    "¿Por qué no? ¡Qué año!, pidió el señor Muñoz.",
    "Færgen sejler igen i Århus. Søen er rolig.",
    "Það er gott að ferjan siglir á ný í Reykjavík, þótt veður sé slæmt.",
    "IRMÃ E AÇÃO: O BARCO VOLTOU À REGIÃO",
    "La flèche de l’église s’élève déjà à vingt mètres",
    "ÉCOLES FERMÉES À NOËL",
    "Il traghetto è tornato in mare: perché? «È così»",
    "FÄHRE FÄHRT WIEDER - GRÜNE FÜR MEHR BUSSE",
    "José Muñoz and François Hübner met at the café.",
)


@pytest.mark.parametrize(
    ("text", "charset"), [(text, name) for text, names in TEXTS for name in names.split()]
)
@pytest.mark.parametrize("markup", ["{}", "Slug: pier\n<p class='lead'>{}</p>\n" + "<br/>" * 99])
def test_an_undeclared_set_is_detected_and_marked(text: str, charset: str, markup: str) -> None:
    """A sentence that reads better in another set than in windows-1252 is read in that set."""
    raw, guess = to_utf8(markup.format(text).encode(charset), None)
    assert guess is not None
    assert raw.decode() == markup.format(text)


@pytest.mark.parametrize("text", WESTERN)
def test_western_text_is_not_guessed(text: str) -> None:
    """Text that windows-1252 reads well stays as it is, unmarked."""
    raw = text.encode("cp1252")
    assert to_utf8(raw, None) == (raw, None)
    assert to_utf8(text.encode(), None) == (text.encode(), None)


def test_the_feed_s_set_counts_before_all() -> None:
    """The feed's charset is used for whatever is not UTF-8, and is no guess."""
    text = "Die Fähre"
    assert to_utf8(text.encode("cp437"), "cp437") == (text.encode(), None)
    assert to_utf8(text.encode(), "cp437") == (text.encode(), None)


def test_a_declared_set_is_believed() -> None:
    """A delivery that declares a set of its own is not guessed at."""
    raw = "<?xml version='1.0' encoding='koi8-r'?><a>Паром</a>".encode("koi8-r")
    assert to_utf8(raw, None) == (raw, None)


def test_a_story_says_that_its_set_was_detected() -> None:
    """A guess is marked in the story, a declaration is not."""
    text = "Порт сообщил об этом в понедельник. Экипаж рад."
    (story,) = FORMATS["auto"](f"{text}\n\n{text}\n".encode("koi8-r"), Context()).stories
    assert (story.charset_assumed, text in story.body or story.headline == text) == ("koi8-r", True)
    (story,) = FORMATS["auto"](text.encode("koi8-r"), Context(charset="koi8-r")).stories
    assert story.charset_assumed is None
