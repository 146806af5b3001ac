"""Features: what speaks for or against a candidate being a name of each label.

They are made of the candidate's shape and word classes, the words beside it, what the model, the
gazetteer and the alias table say, and the kind of line that it stands in. None is a word of a
text: words count by the lists of data/cues.toml that they stand in.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from sys import intern
from typing import Any, Generic, TypeVar

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


Stretch = TypeVar("Stretch", bound=tuple[Any, ...])


class Stretches(Generic[Stretch]):
    """Spans in order, none overlapping another."""

    def __init__(self, spans: Sequence[Stretch]) -> None:
        self.spans = spans
        self._ends = [span[1] for span in spans]

    def over(self, start: int, end: int) -> Sequence[Stretch]:
        """Returns the spans that share a character with a stretch."""
        first = last = bisect_right(self._ends, start)
        while last < len(self.spans) and self.spans[last][0] < end:
            last += 1
        return self.spans[first:last]


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
        tokens = list(_TOKEN.finditer(text))
        self.starts = [m.start() for m in tokens]
        self.ends = [m.end() for m in tokens]
        self._tokens = ["", "", *(m[0] for m in tokens), "", "", ""]
        self.model = Stretches(sorted(model))
        self.places = Stretches(sorted(places))
        self.aliases = aliases
        self.known = known
        self.quoted = list(quoted_titles(text))
        self.pieces = _joined(text, self.places.spans)
        self.piece_ends = [p.end for p in self.pieces]
        rows = text.split("\n")
        self._rows = list(accumulate((len(row) + 1 for row in rows), initial=0))
        self._tables = [is_table_line(row) for row in rows]
        self._shouted = [row.isupper() and row.count(" ") >= 3 for row in rows]

    def token(self, i: int) -> str:
        """Returns the i-th token, or nothing just outside the text."""
        return self._tokens[i + 2]

    def table(self, at: int) -> bool:
        """Returns whether the line at an offset is a row of a table or a list."""
        return self._tables[bisect_right(self._rows, at) - 1]

    def shouted(self, at: int) -> bool:
        """Returns whether the line at an offset is in capitals: there they tell nothing."""
        return self._shouted[bisect_right(self._rows, at) - 1]


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


Part = tuple[str, ...]
"""Features that are made of the same evidence, and so remembered together."""


def features(view: View, candidate: Candidate) -> list[Part]:
    """Returns the names of the features that hold for a candidate where it stands.

    They come in parts: what the candidate says itself, what is beside it, what was found in it.
    """
    start, end = candidate
    surface = view.text[start:end]
    known = view.known
    words = _words(surface)
    shape = "1" if len(words) == 1 else "n"
    own = _own(surface, view.aliases, known)
    found: list[str] = []
    seen = _seen(view, start, end, found)
    parts = [own, tuple(dict.fromkeys(found))]
    table = view.table(start)
    if table:
        parts.append(_in_table(len(words), seen))
    if view.shouted(start):
        parts.append(_in_capitals(len(words), seen, table))
    if view.sport:
        parts += [_in_sport(part) for part in parts]
    i = bisect_left(view.starts, start) - 1
    j = bisect_left(view.starts, end)
    before, after = view.token(i), view.token(j)
    apart = i >= 0 and view.ends[i] < start
    left = _before(known, view.token(i - 1) if i >= 0 else "", before, apart, shape, table)
    parts.append(left)
    if "opens" in left:
        first = surface.split(maxsplit=1)[0] if shape == "n" else ""
        parts.append(_opening(known, seen, first))
    apart = bool(after) and view.starts[j] > end
    following = view.token(j + 1) if after else "", view.token(j + 2) if after else ""
    parts.append(_after(known, after, *following, apart, shape, table))
    if before == "(" and after == ")":
        parts.append(_in_brackets(seen, table))
    if before and after and before in '"“`' and after in "\"”'":
        parts.append(("in quotes",))
    return parts


def _part(names: Iterable[str]) -> Part:
    """Returns each name once; equal ones are one object, as parts are kept for long."""
    return tuple(map(intern, dict.fromkeys(names)))


@lru_cache(maxsize=1 << 14)
def _words(surface: str) -> Sequence[str]:
    """Returns the words of a candidate, the parts of compounds too."""
    return _JOINTS.sub(" ", surface).split()


@lru_cache(maxsize=1 << 14)
def _own(surface: str, aliases: Aliases, known: Known) -> Part:
    """Returns what a candidate's own words say."""
    words = _words(surface)
    single = len(words) == 1
    size = f"n{min(len(words), 5)}"
    out = ["bias", size]
    if single:
        _single(known, surface, out)
    else:
        _several(known, surface, words, out)
    label = label_of(surface)
    if label:
        out.append(f"head {label}")
    if "-" in surface:
        out.append("hyphen")
        out.append(f"hyphen {size}")
    if "/" in surface:
        out.append("slash")
    alias = aliases.find(surface)
    if alias is not None:
        out.append(f"alias {alias.label}")
        if single:
            out.append(f"alias {alias.label}|1")
    return _part(out)


@cache
def _in_table(words: int, seen: str) -> Part:
    return "table", f"table n{min(words, 5)}", f"table|{seen}"


@cache
def _in_capitals(words: int, seen: str, table: bool) -> Part:
    line = "row" if table else "line"
    return f"caps {line}", f"caps {line} n{min(words, 5)}", f"caps {line}|{seen}"


@lru_cache(maxsize=1 << 14)
def _in_sport(part: Part) -> Part:
    """Returns features that count apart in a story about sport."""
    counted = ("place", "model", "head", "1 gaz", "gaz", "n", "alias")
    return _part(f"R {name}" for name in part if name.startswith(counted))


@lru_cache(maxsize=1 << 12)
def _opening(known: Known, seen: str, first: str) -> Part:
    """Returns what it says that a candidate opens a sentence; `first` is its first word of more."""
    return (f"opens|{seen}", *([f"opens {_main(first, known)} …"] if first else []))


@cache
def _in_brackets(seen: str, table: bool) -> Part:
    return "in brackets", f"in brackets|{seen}", *(["table in brackets"] if table else [])


def _single(known: Known, word: str, out: list[str]) -> None:
    out.append(f"1 shape {_shape(word)}")
    if word.isupper():
        out.append(f"caps {min(len(word), 6)}")
    for name in _classes(word, known):
        out.append(f"1 {name}")
    if len(word) < 4:
        out.append(f"length {len(word)}")


def _several(known: Known, surface: str, words: Sequence[str], out: list[str]) -> None:
    first, last = words[0], words[-1]
    out.append(f"{_main(first, known)} … {_main(last, known)}")
    if len(words) > 2:
        out.append(f"{_main(first, known)}, {_main(words[1], known)} …")
    out.append(f"F shape {_shape(first)}")
    out.append(f"L shape {_shape(last)}")
    if surface.isupper():
        out.append("all CAPS")
    for name in _classes(first, known):
        out.append(f"F {name}")
    for name in _classes(last, known):
        out.append(f"L {name}")
    _inside(known, words[1:-1], out)
    if first.lower() in cues().particles:
        out.append("F particle")
    if "," in surface:
        out.append("has comma, &" if " & " in surface else "has comma")
    if any(mark in surface for mark in ('"', "“", "``")):
        out.append("has nickname")
    if "'s " in surface or "’s " in surface or "' " in surface:
        out.append("has 's")
    if " & " in surface:
        out.append("has &")
    _like_person(known, words, out)
    out += [f"gaz {kind}" for kind in sorted(known(surface))]


def _inside(known: Known, inner: Sequence[str], out: list[str]) -> None:
    """Adds what the words between the first and the last say."""
    capitalised = {n for w in inner for n in _classes(w, known) if w[0].isupper()}
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


def _like_person(known: Known, words: Sequence[str], out: list[str]) -> None:
    """Adds whether the words are written like a person's name."""
    if len(words) > 4 or not all(
        _shape(w) in ("Cap", "initial", "CaMel") or w.lower() in cues().particles for w in words
    ):
        return
    given = words[0].lower() in given_names() or _shape(words[0]) == "initial"
    out.append("person shape" if given else "plain shape")
    if given and len(words) == 2:
        out.append("given + word")
        out += [f"given + {name}" for name in _classes(words[-1], known)]
    elif given and len(words) > 2 and all(w.lower() in cues().particles for w in words[1:-1]):
        out.append("given + particles")


def _seen(view: View, start: int, end: int, out: list[str]) -> str:
    """Adds what the model and the gazetteer say; returns the model's view in a word."""
    seen = "none"
    for s, e, label in view.model.over(start, end):
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
    for s, e, label, probability, resolved in view.places.over(start, end):
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
    n = bisect_right(view.piece_ends, start)
    piece = view.pieces[n] if n < len(view.pieces) else None
    if piece is None or piece.start >= end:
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


@lru_cache(maxsize=1 << 14)
def _before(known: Known, previous: str, before: str, apart: bool, shape: str, table: bool) -> Part:
    """Returns what the two tokens before a candidate say of it."""
    if not before:
        return "paragraph start", "opens", f"opens {shape}"
    listed = _listed("after", previous, shape, known) if before.lower() in _LISTING else ()
    if before in '\n.!?:;"“”‘—–•*' or (before in "'’`" and not apart):
        ends = [f"P {'NL' if before == chr(10) else before}"] if before in "\n.!?:;—" else []
        return *ends, "opens", f"opens {shape}", *listed
    out = [*_beside(known, "P", before, apart, shape, table), *listed]
    if before[0].isupper() and (not previous or previous in '\n.!?:;"“”'):
        out.append(f"P opener {_main(before, known)}")
    if before in _JOINING and previous:
        out += _prefixed(known, f"PP {before}", previous)
        if previous.lower() in cues().closed:
            out.append(f"PP {previous.lower()} {before}")
    if before == "," and previous and previous[0].isupper():
        out.append("PP Cap ,")
    if before in cues().particles:
        out.append("P particle")
    return _part(out)


@lru_cache(maxsize=1 << 14)
def _after(
    known: Known, after: str, following: str, third: str, apart: bool, shape: str, table: bool
) -> Part:
    """Returns what the three tokens behind a candidate say of it."""
    if not after or after == "\n":
        return ("N end",)
    out = [*_beside(known, "N", after, apart, shape, table)]
    if after in "'’" and following in ("s", "S"):
        out += ["N 's", f"N 's {shape}", *_prefixed(known, "N 's", third)]
    elif after == ",":
        if following.isdigit() and len(following) <= 3:
            out.append("N , age")
        elif following.lower() in cues().closed:
            out.append(f"N , {following.lower()}")
        else:
            if following[:1].isupper():
                out.append("N , Cap")
            out += _prefixed(known, "N ,", following)
    elif after == "(":
        out.append(f"N ( {_shape(following) if following else 'end'}")
    elif after == "-" and not apart:
        out.append(f"N - {_shape(following) if following else 'end'}")
    if after.lower() in _LISTING:
        out += _listed("before", following, shape, known)
    return _part(out)


_JOINING = frozenset({"of", "in", "the", "and", ",", "at", "for", "by", "from", "with"})
_LISTING = frozenset({"and", "or", ","})


def _listed(side: str, other: str, shape: str, known: Known) -> Part:
    """Returns what the neighbour in a list says."""
    capital = other and other[0].isupper()
    return (f"listed {side} {_main(other, known)} {shape}",) if capital else ()


def _prefixed(known: Known, prefix: str, word: str) -> list[str]:
    """Returns the first classes of a word, but for its ending, behind a prefix."""
    found = _classes(word, known)[:3] if word else ()
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
