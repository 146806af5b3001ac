"""Bytes to text that is safe to pass on: no mojibake, no control characters.

Wires lie about their character sets: files declare iso-8859-1 and hold UTF-8, others really
are Latin-1, and most "Latin-1" is windows-1252. So strict UTF-8 is tried first (text of another
set is almost never valid UTF-8 by accident), then what was declared.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16 LE, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Sets whose bytes are all below 0x80, so that strict UTF-8 would "succeed" on them, or UTF-16.
_DECLARED_FIRST = re.compile(r"^(iso-?2022|hz|utf-?7|utf-?16|utf-?32)", re.IGNORECASE)
# WHATWG: whoever says one of these means windows-1252.
_MEANS_CP1252 = {"ascii", "iso8859-1"}
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# The characters of the bytes 0x80 to 0xBF in Latin-1 and in windows-1252, to their bytes.
_CONTINUATIONS = {
    character: code
    for code in range(0x80, 0xC0)
    for character in (chr(code), bytes([code]).decode("cp1252", "ignore"))
    if character
}
_NEXT = f"[{re.escape(''.join(_CONTINUATIONS))}]"
_TWICE = re.compile(f"[\xc2-\xdf]{_NEXT}|[\xe0-\xef]{_NEXT}{{2}}|[\xf0-\xf4]{_NEXT}{{3}}")
_MARK_TWICE = re.compile("â[€\x80][\x80-\xbf˜™š›œžŸ“”]")
_ACCENTED = re.compile("[\xc0-\xff]")
_HIGH = re.compile(rb"[\x80-\xff]")

_DECLARATION = re.compile(
    rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE
)
_HEAD = 4096
"""Bytes in which a delivery declares its character set."""
_SAMPLE = 16 * 1024
"""Bytes that are looked at for a guess."""
_WESTERN = ("cp1252", "iso8859-1")
_LATIN = (*_WESTERN, "iso8859-2", "cp1250", "cp1254", "cp1257")
_OTHERS = (
    "cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "cp1253", "iso8859-7", "cp1256", "cp1255",
    "cp932", "euc_jis_2004", "big5hkscs", "gb18030", "euc_kr", "cp949",
)  # fmt: skip
_FEWEST_LATIN, _FEWEST_OTHERS = 2, 6
"""Bytes above 0x7F that a guess needs."""
_CLEARLY = 1.4
"""How many times as well as windows-1252 another set must read: western text stays below 1.25
times, one sentence in another language reaches 1.5."""
_MARKUP = re.compile(rb"<[^<>]*>")
_WORD_WITH_HIGH = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")

_C1 = {
    code: bytes([code]).decode("cp1252", "ignore") or None
    for code in range(0x80, 0xA0)  # U+0092 is never meant: it is windows-1252's apostrophe
}
_UNSAFE: dict[int, str | None] = {
    **dict.fromkeys(range(0x20), None),
    ord("\t"): "\t",
    ord("\n"): "\n",
    0x0B: "\n",  # vertical tab and form feed part lines
    0x0C: "\n",
    0x7F: None,
    **_C1,
    0x2028: "\n",
    0x2029: "\n\n",
    **dict.fromkeys(range(0x202A, 0x202F), None),  # bidirectional overrides hide text
    **dict.fromkeys(range(0x2066, 0x206A), None),
    0xFEFF: None,  # a byte order mark in the middle of a text
    **dict.fromkeys(range(0xFDD0, 0xFDF0), None),  # noncharacters
    0xFFFE: None,
    0xFFFF: None,
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\uffff]"
)


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Reads the bytes that are no UTF-8 as windows-1252, one story being pasted of two."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "replace"), error.end


codecs.register_error("newswire.cp1252", _as_cp1252)


def decode(raw: bytes, declared: str | None = None) -> str:
    """Returns the text of bytes, whatever they declare; never fails, and never gives mojibake.

    UTF-8 that a sender took for windows-1252 and encoded again ("DÃ©cÃ¨s") is read as it was
    meant. How the bytes themselves are read:

    A byte order mark decides; then strict UTF-8; then the declared set, where Latin-1 means
    windows-1252. UTF-8 with a few stray bytes keeps its UTF-8 and has the stray ones read as
    windows-1252. The result may still hold control characters: see `sanitise`.
    """
    return _meant(_decode(raw, declared))


def _meant(text: str) -> str:
    """Returns text that was encoded twice as it was before; other text as it is.

    It must happen at least three times and there must be hardly an accent that is sound:
    "IRMÃ”" in Portuguese capitals is no mojibake. A mark such as "â€™" is unmistakable, once.
    """
    if text.isascii():
        return text
    twice = len(_TWICE.findall(text))
    if twice < 3 or len(_ACCENTED.findall(_TWICE.sub("", text))) * 4 > twice:
        return _MARK_TWICE.sub(_once, text)
    return _TWICE.sub(_once, text)


def _once(match: re.Match[str]) -> str:
    raw = bytes(_CONTINUATIONS.get(character, ord(character)) for character in match[0])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def _decode(raw: bytes, declared: str | None) -> str:
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(name, "replace")
    codec = _known(declared)
    if codec and _DECLARED_FIRST.match(codec):
        try:
            return raw.decode(codec)
        except (UnicodeDecodeError, ValueError):
            codec = None  # "utf-16" over plain ASCII
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    sequences = len(_MULTIBYTE.findall(raw))
    strays = len(_HIGH.findall(_MULTIBYTE.sub(b"", raw)))
    if codec is None or codec in _MEANS_CP1252 or codec == "utf-8" or sequences > strays:
        return raw.decode("utf-8" if sequences > strays else "cp1252", "newswire.cp1252")
    try:
        return raw.decode(codec)
    except (UnicodeDecodeError, ValueError):
        return raw.decode("utf-8", "newswire.cp1252")


def _known(name: str | None) -> str | None:
    """Returns the codec's own name, or None for a set that Python does not have."""
    try:
        info = codecs.lookup(name.strip()) if name else None
    except (LookupError, ValueError):
        return None
    # "rot13" and "zlib" are codecs, but no character sets.
    return info.name if info and getattr(info, "_is_text_encoding", True) else None


def to_utf8(raw: bytes, charset: str | None) -> tuple[bytes, str | None]:
    """Returns a delivery in UTF-8, and the character set that was detected for it, if any.

    A set is detected where the bytes are not UTF-8, declare no other set, and read clearly better
    in it than in windows-1252. A feed's own `charset` counts before all others; it is no guess.

    Raises:
        LookupError: the feed's character set is not known.
    """
    if raw.isascii() or raw.startswith(tuple(mark for mark, _ in _BOMS)):
        return raw, None
    try:
        raw.decode("utf-8")
        return raw, None
    except UnicodeDecodeError:
        pass
    if charset is not None:
        return raw.decode(charset, "replace").encode("utf-8", "replace"), None
    guess = None if _declares(raw) else _detect(raw)
    return (raw.decode(guess, "replace").encode("utf-8"), guess) if guess else (raw, None)


def _declares(raw: bytes) -> bool:
    """Returns whether bytes declare a character set that they can be of."""
    if raw.count(b"\x00") > len(raw) // 8:
        return True  # UTF-16 without its mark
    codecs_ = [_known(match[1].decode("ascii")) for match in _DECLARATION.finditer(raw[:_HEAD])]
    return any(codec and codec not in {*_MEANS_CP1252, "utf-8"} for codec in codecs_)


def _detect(raw: bytes) -> str | None:
    """Returns the character set that reads clearly better than windows-1252; None where none does.

    In Latin script most letters of a word with an accent are ASCII; where hardly any is, the
    script is another.
    """
    sequences = len(_MULTIBYTE.findall(raw))
    if sequences > len(_HIGH.findall(_MULTIBYTE.sub(b"", raw))):
        return None  # UTF-8 with strays
    sample = _with_high(_MARKUP.sub(b" ", raw))
    high = len(_HIGH.findall(sample))
    letters = sum(map(len, _WORD_WITH_HIGH.findall(sample)))
    is_latin = high * 10 < letters * 6
    if high < (_FEWEST_LATIN if is_latin else _FEWEST_OTHERS):
        return None
    import chardet  # few deliveries need it, and `newswire parse` starts without it

    found = chardet.detect_all(
        sample,
        ignore_threshold=True,
        compat_names=False,
        include_encodings=_LATIN if is_latin else _LATIN + _OTHERS,
    )
    sure = {str(each["encoding"]): each["confidence"] for each in found}
    western = max(sure.get(name, 0.0) for name in _WESTERN)
    best = max(sure, key=lambda name: sure[name], default="cp1252")
    is_other = sample.decode(best, "replace") != sample.decode("cp1252", "replace")
    return best if is_other and sure[best] > western * _CLEARLY else None


def _with_high(raw: bytes) -> bytes:
    """Returns the beginning of what is not ASCII alone: a long English start tells nothing."""
    lines = (line for line in raw.splitlines(keepends=True) if not line.isascii())
    sample = bytearray()
    for line in lines:
        sample += line[:_SAMPLE]
        if len(sample) >= _SAMPLE:
            break
    return bytes(sample[:_SAMPLE])


def sanitise(text: str) -> str:
    """Returns the text without control characters, lone surrogates and noncharacters.

    C1 controls become the windows-1252 characters that they stand for, lone surrogates U+FFFD.
    Soft hyphens, tabs, line feeds and no-break spaces stay; CR LF and CR become LF.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not _SUSPECT.search(text):
        return text
    return _SURROGATE.sub("\ufffd", text.translate(_UNSAFE))
