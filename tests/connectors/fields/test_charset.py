"""Bytes to text: declarations are tried, lies are seen through, nothing unsafe passes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fields.charset import decode, sanitise


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
