"""Features: what speaks for or against a candidate being a name of each label.

They are made of the candidate's shape and word classes, the words beside it, what the model, the
gazetteer and the alias table say, and the kind of line that it stands in. None is a word of a
text: words count by the lists of data/cues.toml that they stand in.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TypeVar

from pipeline.enrich.lexicon import cues, given_names
from pipeline.enrich.mentions import Span as Found
from pipeline.enrich.names.aliases import Aliases
from pipeline.enrich.names.candidates import Candidate
from pipeline.enrich.names.capitals import Piece, label_of, pieces, quoted_titles
from pipeline.enrich.names.tables import is_table_line
from pipeline.wire.labels import Label

Known = Callable[[str], frozenset[str]]
"""Returns what the gazetteer knows a name as: "country", "city", "place", "demonym" …"""
PlacedSpan = tuple[int, int, str, float, bool]
"""A toponym of the paragraph: start, end, label, probability, and whether it was resolved."""

SURE = 0.6
"""Probability of a toponym that takes the place of the pieces in it."""
_TOKEN = re.compile(r"[^\W_]+(?:[.'’&][^\W_]+)*|\n|[^\w\s]|_+")
_ENDINGS = (
    "ian", "ean", "ese", "ish", "can", "ists", "ist", "ism", "ton", "ville", "burg", "berg",
    "stan", "land", "shire", "ford", "ham", "bury", "ovo", "grad", "pur", "abad", "son", "sen",
    "ov", "ova", "ev", "eva", "ski", "sky", "ska", "vic", "ich", "ez", "ini", "elli", "etti",
    "man", "stein", "ko", "ing", "ly", "ed", "tech", "soft", "com", "corp", "bank", "tel", "net",
    "media", "gas", "oil", "air", "ia", "o", "i",
)  # fmt: skip
"""What words of one kind often end with."""
_INITIAL = re.compile(r"(?:[A-Z]\.)+")
_JOINTS = re.compile(r"-|(?<!\bA)/")
"""What parts the words of a compound; "A/S" is one."""
_NUMBER = re.compile(r"\d")
_SMALL = frozenset(["of", "and", "for", "the", "on", "to", "at", "without"])
_LISTS = (
    "titles", "roles", "title_parts", "kin", "speech", "bodies", "organisations",
    "company_suffixes", "facilities", "waters_and_lands", "before_lands", "divisions", "events",
    "before_events", "leagues", "laws", "works", "vessels", "nouns_product",
    "nouns_organisation", "nouns_place", "nouns_work", "nouns_event", "after_organisation",
    "after_place", "after_land", "after_kind_organisation", "within", "headings", "not_names",
    "common", "nobles", "generations", "states", "before_facilities", "heads_before_of",
)  # fmt: skip


_MIDDLE = (
    "common", "company_suffixes", "gaz demonym", "given", "not_names", "organisations", "speech",
    "titles",
)  # fmt: skip
"""Classes that count for words inside a name."""


@cache
def word_classes() -> Mapping[str, tuple[str, ...]]:
    """Returns the lists that each word stands in."""
    found: dict[str, tuple[str, ...]] = {}
    for name in _LISTS:
        for word in getattr(cues(), name):
            found[word] = (*found.get(word, ()), name)
    for word in given_names():
        found[word] = (*found.get(word, ()), "given")
    return found


@lru_cache(maxsize=1 << 15)
def _classes(word: str, known: Known) -> tuple[str, ...]:
    """Returns the classes of a word: lists, gazetteer, ending."""
    lower = word.lower().rstrip(".")
    found = list(word_classes().get(lower, ()))
    found += [f"gaz {kind}" for kind in sorted(known(word))]
    if not found and len(lower) > 4:
        ending = next(
            (e for e in sorted(_ENDINGS, key=len, reverse=True) if lower.endswith(e)), None
        )
        found.append(f"-{ending}" if ending else "unknown")
    return tuple(found)


_MAIN = (
    "not_names", "generations", "titles", "roles", "company_suffixes", "gaz demonym", "given",
    "gaz country",
    "common", "organisations", "facilities", "waters_and_lands", "divisions", "events", "laws",
    "works", "title_parts", "gaz division", "gaz city", "gaz town", "kin", "headings",
)  # fmt: skip
"""Classes of words, the one that tells most first."""


@lru_cache(maxsize=1 << 15)
def _main(word: str, known: Known) -> str:
    """Returns the class of a word that tells most, or its shape."""
    shape = _shape(word)
    if shape in ("initial", "number", "number+", "low"):
        return shape
    found = _classes(word, known)
    for name in _MAIN:
        if name in found:
            return name
    if found and found[0] in ("-ing", "-ly", "-ed"):
        return found[0]
    return "CAPS" if shape == "CAPS" and len(word) < 6 else "word"


@lru_cache(maxsize=1 << 15)
def _shape(word: str) -> str:
    if _NUMBER.match(word):
        return "number" if word.isdigit() else "number+"
    if _INITIAL.fullmatch(word) or (len(word) == 1 and word.isupper()):
        return "initial"
    if word.isupper():
        return "CAPS"
    if word[0].isupper():
        return "Cap" if word[1:].islower() else "CaMel"
    return "low"


class View:
    """A paragraph with what the model and the gazetteer found in it."""

    def __init__(
        self,
        text: str,
        model: Sequence[Found],
        places: Sequence[PlacedSpan],
        aliases: Aliases,
        known: Known,
        sport: bool = False,
    ) -> None:
        self.text = text
        self.sport = sport
        tokens = [m.span() for m in _TOKEN.finditer(text)]
        self.starts = [s for s, _ in tokens]
        self.ends = [e for _, e in tokens]
        self.model = sorted(model)
        self.places = sorted(places)
        self.aliases = aliases
        self.known = known
        self.quoted = list(quoted_titles(text))
        self.pieces = _joined(text, self.places)
        self._lines: dict[int, bool] = {}

    def token(self, i: int) -> str:
        """Returns the i-th token, or nothing outside the text."""
        return self.text[self.starts[i] : self.ends[i]] if 0 <= i < len(self.starts) else ""

    def table(self, at: int) -> bool:
        """Returns whether the line at an offset is a row of a table or a list."""
        start = self.text.rfind("\n", 0, at) + 1
        if start not in self._lines:
            end = self.text.find("\n", at)
            self._lines[start] = is_table_line(
                self.text[start : end if end >= 0 else len(self.text)]
            )
        return self._lines[start]


def _joined(text: str, places: Sequence[PlacedSpan]) -> list[Piece]:
    """Returns the pieces of a text; those in a longer name that the gazetteer knows are one."""
    whole = [
        (start, end, label)
        for start, end, label, probability, resolved in places
        if resolved and probability > SURE and " " in text[start:end] and label != Label.NORP
    ]
    found: list[Piece] = []
    for piece in pieces(text):
        around = next((w for w in whole if w[0] < piece.end and piece.start < w[1]), None)
        if around is None or (piece.start <= around[0] and around[1] <= piece.end):
            found.append(piece)
        elif not found or found[-1].start != around[0]:
            start, end, label = around
            found.append(Piece(start, end, tuple(text[start:end].split()), label))
    return found


def features(view: View, candidate: Candidate) -> tuple[str, ...]:
    """Returns the names of the features that hold for a candidate where it stands."""
    start, end = candidate
    text = view.text
    surface = text[start:end]
    words = _JOINTS.sub(" ", surface).split()
    out = ["bias"]
    single = len(words) == 1
    size = f"n{min(len(words), 5)}"
    out.append(size)
    if single:
        _single(view, surface, out)
    else:
        _several(view, surface, words, out)
    label = label_of(surface)
    if label:
        out.append(f"head {label}")
    if "-" in surface:
        out.append("hyphen")
        out.append(f"hyphen {size}")
    if "/" in surface:
        out.append("slash")
    alias = view.aliases.find(surface)
    if alias is not None:
        out.append(f"alias {alias.label}")
        if single:
            out.append(f"alias {alias.label}|1")
    seen = _seen(view, start, end, out)
    table = view.table(start)
    if table:
        out += ["table", f"table {size}", f"table|{seen}"]
    if view.sport:
        out += [
            f"R {name}"
            for name in out
            if name.startswith(("place", "model", "head", "1 gaz", "gaz", "n", "alias"))
        ]
    _around(view, start, end, single, seen, table, out)
    return tuple(dict.fromkeys(out))


def _single(view: View, word: str, out: list[str]) -> None:
    out.append(f"1 shape {_shape(word)}")
    if word.isupper():
        out.append(f"caps {min(len(word), 6)}")
    for name in _classes(word, view.known):
        out.append(f"1 {name}")
    if len(word) < 4:
        out.append(f"length {len(word)}")


def _several(view: View, surface: str, words: Sequence[str], out: list[str]) -> None:
    first, last = words[0], words[-1]
    out.append(f"{_main(first, view.known)} … {_main(last, view.known)}")
    if len(words) > 2:
        out.append(f"{_main(first, view.known)}, {_main(words[1], view.known)} …")
    out.append(f"F shape {_shape(first)}")
    out.append(f"L shape {_shape(last)}")
    if surface.isupper():
        out.append("all CAPS")
    for name in _classes(first, view.known):
        out.append(f"F {name}")
    for name in _classes(last, view.known):
        out.append(f"L {name}")
    _inside(view, words[1:-1], out)
    if first.lower() in cues().particles:
        out.append("F particle")
    if "," in surface:
        out.append("has comma")
    if "'s " in surface or "’s " in surface or "' " in surface:
        out.append("has 's")
    if " & " in surface:
        out.append("has &")
    _like_person(view, words, out)
    out += [f"gaz {kind}" for kind in sorted(view.known(surface))]


def _inside(view: View, inner: Sequence[str], out: list[str]) -> None:
    """Adds what the words between the first and the last say."""
    capitalised = {n for w in inner for n in _classes(w, view.known) if w[0].isupper()}
    out += [f"M {name}" for name in _MIDDLE if name in capitalised]
    for word in inner:
        lower = word.lower()
        if lower in _SMALL:
            out.append(f"has {lower}")
        elif lower in cues().particles:
            out.append("has particle")
        elif word == "&":
            out.append("has &")
        elif word[0].isdigit():
            out.append("has number")
        elif _shape(word) == "initial":
            out.append("has initial")


def _like_person(view: View, words: Sequence[str], out: list[str]) -> None:
    """Adds whether the words are written like a person's name."""
    if len(words) > 4 or not all(
        _shape(w) in ("Cap", "initial", "CaMel") or w.lower() in cues().particles for w in words
    ):
        return
    given = words[0].lower() in given_names() or _shape(words[0]) == "initial"
    out.append("person shape" if given else "plain shape")
    if given and len(words) == 2:
        out.append("given + word")
        out += [f"given + {name}" for name in _classes(words[-1], view.known)]


def _seen(view: View, start: int, end: int, out: list[str]) -> str:
    """Adds what the model and the gazetteer say; returns the model's view in a word."""
    seen = "none"
    for s, e, label in _overlapping(view.model, start, end):
        if (s, e) == (start, end):
            seen = label
            break
        if s <= start and end <= e:
            seen = f"in {label}"
            out.append(f"in {label}, {'first' if s == start else 'last' if e == end else 'inner'}")
        elif start <= s and e <= end:
            seen = f"over {label}"
            out.append(
                f"over {label}, {'from start' if s == start else 'to end' if e == end else 'inner'}"
            )
        else:
            seen = "across"
    out.append(f"model {seen}")
    for s, e, label, probability, resolved in _overlapping(view.places, start, end):
        sure = "sure" if probability > 0.9 else "likely" if probability > 0.7 else "maybe"
        if (s, e) == (start, end):
            out.append(f"place {label}")
            out.append(f"place {label} {sure}{'' if resolved else ' unresolved'}")
            out.append(f"place {label}|{seen}")
            if " " in view.text[start:end]:
                out.append(f"place of words {label}")
        elif s <= start and end <= e:
            out.append(f"in place {label}")
        elif start <= s and e <= end:
            out.append(
                f"over place {label}, {'first' if s == start else 'last' if e == end else 'inner'}"
            )
        else:
            out.append("across place")
    _piece(view, start, end, seen, out)
    for s, e in view.quoted:
        if (s, e) == (start, end):
            out.append("quoted" if " " in view.text[s:e] else "quoted word")
        elif s <= start and end <= e:
            out.append("in quoted")
    return seen


def _piece(view: View, start: int, end: int, seen: str, out: list[str]) -> None:
    """Adds how the candidate lies to the first name that capitals and head words give."""
    piece = next((p for p in view.pieces if p.start < end and p.end > start), None)
    if piece is None:
        out.append("no piece")
        return
    if (piece.start, piece.end) == (start, end):
        out += ["piece", f"piece|{seen}"]
        if piece.label:
            out.append(f"piece {piece.label}")
        if piece.title:
            out.append("piece title")
        return
    side = "first" if piece.start == start else "last" if piece.end == end else "inner"
    if piece.start <= start and end <= piece.end:
        how = "in piece"
    elif start <= piece.start and piece.end <= end:
        how = "over piece"
    else:
        out.append("across piece")
        return
    out.append(f"{how}, {side}")
    if piece.label:
        out.append(f"{how} {piece.label}")


Overlapping = TypeVar("Overlapping", Found, PlacedSpan)


def _overlapping(spans: Sequence[Overlapping], start: int, end: int) -> Iterator[Overlapping]:
    """Yields the spans that share a character with a stretch."""
    for span in spans:
        if span[0] >= end:
            break
        if span[1] > start:
            yield span


def _around(
    view: View, start: int, end: int, single: bool, seen: str, table: bool, out: list[str]
) -> None:
    """Adds what stands before and after the candidate."""
    i = bisect_left(view.starts, start) - 1
    j = bisect_left(view.starts, end)
    shape = "1" if single else "n"
    before, previous = view.token(i), view.token(i - 1)
    after, following = view.token(j), view.token(j + 1)
    _before(view, i, start, shape, table, out)
    if "opens" in out[-4:]:
        out.append(f"opens|{seen}")
        if not single:
            first = view.text[start:end].split(maxsplit=1)[0]
            out.append(f"opens {_main(first, view.known)} …")
    _after(view, j, end, shape, table, out)
    if before.lower() in ("and", "or", ",") and previous and previous[0].isupper():
        out.append(f"listed after {_main(previous, view.known)} {shape}")
    if after.lower() in ("and", "or", ",") and following and following[0].isupper():
        out.append(f"listed before {_main(following, view.known)} {shape}")
    if before == "(" and after == ")":
        out += ["in brackets", f"in brackets|{seen}"]
        if table:
            out.append("table in brackets")
    if before and after and before in '"“`' and after in "\"”'":
        out.append("in quotes")


def _before(view: View, i: int, start: int, shape: str, table: bool, out: list[str]) -> None:
    """Adds what the tokens up to the i-th say of the candidate behind them."""
    if i < 0:
        out += ["paragraph start", "opens", f"opens {shape}"]
        return
    before, previous = view.token(i), view.token(i - 1)
    gap = view.text[view.ends[i] : start]
    if before in '\n.!?:;"“”‘—–•*' or (before in "'’`" and not gap):
        if before in "\n.!?:;—":
            out.append(f"P {'NL' if before == chr(10) else before}")
        out += ["opens", f"opens {shape}"]
        return
    out += _beside(view.known, "P", before, bool(gap), shape, table)
    if before[0].isupper() and (not previous or previous in '\n.!?:;"“”'):
        out.append(f"P opener {_main(before, view.known)}")
    if before in ("of", "in", "the", "and", ",") and previous:
        out += _prefixed(view, f"PP {before}", previous)
        if previous.lower() in cues().closed:
            out.append(f"PP {previous.lower()} {before}")
    if before == "," and previous and previous[0].isupper():
        out.append("PP Cap ,")


def _after(view: View, j: int, end: int, shape: str, table: bool, out: list[str]) -> None:
    """Adds what the tokens from the j-th on say of the candidate before them."""
    after, following = view.token(j), view.token(j + 1)
    if not after or after == "\n":
        out.append("N end")
        return
    gap = view.text[end : view.starts[j]]
    out += _beside(view.known, "N", after, bool(gap), shape, table)
    if after in "'’" and following in ("s", "S"):
        out += ["N 's", f"N 's {shape}", *_prefixed(view, "N 's", view.token(j + 2))]
    elif after == ",":
        if following.isdigit() and len(following) <= 3:
            out.append("N , age")
        elif following.lower() in cues().closed:
            out.append(f"N , {following.lower()}")
        else:
            if following[:1].isupper():
                out.append("N , Cap")
            out += _prefixed(view, "N ,", following)
    elif after == "(":
        out.append(f"N ( {_shape(following) if following else 'end'}")
    elif after == "-" and not gap:
        out.append(f"N - {_shape(following) if following else 'end'}")


def _prefixed(view: View, prefix: str, word: str) -> list[str]:
    """Returns the first classes of a word, but for its ending, behind a prefix."""
    found = _classes(word, view.known)[:3] if word else ()
    return [f"{prefix} {name}" for name in found if not name.startswith("-")]


@lru_cache(maxsize=1 << 14)
def _beside(
    known: Known, side: str, word: str, apart: bool, shape: str, table: bool
) -> tuple[str, ...]:
    """Returns the features of the token before or after."""
    tight = "" if apart else " tight"
    if not word[0].isalnum():
        return (f"{side} {word}{tight}", *([f"table {side} {word}"] if table else []))
    lower, kind = word.lower(), _shape(word)
    out = [f"{side} {kind} {shape}{tight}"]
    if table:
        out.append(f"table {side} {kind}")
    if lower in cues().closed:
        out += [f"{side} {lower}", f"{side} {lower} {shape}"]
    names = _classes(word, known)
    if kind == "low":
        out += [f"{side} {name}" for name in names if not name.startswith(("gaz", "given"))]
    else:
        out += [f"{side} Cap {name}" for name in names]
    return tuple(out)
