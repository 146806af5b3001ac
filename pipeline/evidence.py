"""What each name of a story names: the model's vote weighed against all other evidence.

The model reads a sentence; this reads the story. A name's label is the one with the most
weight from: the model, at each place where the name stands; its own head word; words right
before and after it; the gazetteer; the alias table; a given name in front; and the longer or
shorter forms of it elsewhere ("Orlov" is a person where "Andrei Orlov" is one). Names that the
model missed are found the same way, and so are those of a headline in capitals.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from pipeline.aliases import Aliases
from pipeline.geo.names import fold
from pipeline.geo.toponyms import Candidate
from pipeline.lexicon import cues, given_names
from pipeline.mentions import Field, RawMention
from pipeline.runs import Piece, pieces, quoted_titles

MODEL = 1.0
HEAD = 3.0
ENOUGH = 1.0
"""A name without as much weight for any label is left out."""
ENOUGH_KNOWN = 0.5
"""The same, where the model or the gazetteer found it."""
CAP = 4.0
"""The most that the words around a name weigh, however often it stands in the story."""

Weights = dict[str, float]
_PLACES = frozenset({"GPE", "LOC", "FAC"})
_WORD = re.compile(r"[\w’'&.-]*\w")
_AGE = re.compile(r", (?:now |then |aged? )?\d{1,3}(?:[,.;]|$)")
_AFTER = re.compile(r"(?:(['’]s?) |(-)|(,) ?| )?([A-Za-z]+)?(?: (\w+))?")
_OPEN = frozenset("’'")
_INITIALS = re.compile(r"^[^\W\d_]{2,7}$")


class Named(NamedTuple):
    """A mention with its final label, before it is grouped."""

    start: int
    end: int
    text: str
    label: str
    field: Field
    title: str | None = None
    sex: str | None = None
    """ "f" or "m" where a title or a word of kinship says so."""


@dataclass(slots=True)
class _Span:
    start: int
    end: int
    field: Field
    text: str
    key: str
    known: bool = False
    """The model or the gazetteer found it; else it is a run of capitals that may be nothing."""
    starts_sentence: bool = False
    weights: Weights = field(default_factory=lambda: defaultdict(float))
    votes: Weights = field(default_factory=lambda: defaultdict(float))
    """The model's, apart from the other evidence."""
    title: str | None = None
    sex: str | None = None
    model: str | None = None


def name(
    texts: Mapping[Field, str],
    model: Sequence[RawMention],
    toponyms: Iterable[tuple[Field, Candidate]],
    aliases: Aliases,
) -> list[Named]:
    """The mentions of a story in the order of field and text, none overlapping another.

    Args:
        texts: the story's texts by field.
        model: the model's spans, cleaned.
        toponyms: what the gazetteer's recogniser takes for places.
        aliases: names with a label of their own.
    """
    by_field: dict[Field, list[RawMention]] = defaultdict(list)
    for mention in model:
        by_field[mention.field].append(mention)
    places: dict[Field, list[Candidate]] = defaultdict(list)
    for where, candidate in toponyms:
        places[where].append(candidate)
    spans: list[_Span] = []
    shouted: list[Field] = []
    for where, text in texts.items():
        if where == "dateline":
            continue
        if _shouts(text):
            shouted.append(where)
        else:
            spans += _spans(where, text, by_field[where], places[where], aliases)
    forms = _Forms(spans, texts)
    named = [n for span in spans if (n := forms.decide(span))]
    known = forms.known(named)
    for where in shouted:
        named += _matched(where, texts[where], by_field[where], places[where], known)
    if "dateline" in texts:
        named += _dateline(texts["dateline"], places["dateline"])
    order = {where: i for i, where in enumerate(("headline", "dateline", "body"))}
    return sorted(named, key=lambda n: (order[n.field], n.start))


def _shouts(text: str) -> bool:
    """Whether capitals tell nothing here: a text in capitals, or in title case."""
    words = [w for w in text[:2000].split() if w[0].isalpha()]
    capitalised = sum(w[0].isupper() for w in words)
    return len(words) >= 4 and capitalised > 0.75 * len(words)


def _spans(
    where: Field,
    text: str,
    model: Sequence[RawMention],
    places: Sequence[Candidate],
    aliases: Aliases,
) -> list[_Span]:
    """Every span of a text that may be a name, with the evidence of its own words."""
    spans: dict[tuple[int, int], _Span] = {}

    def span(start: int, end: int) -> _Span:
        if (start, end) not in spans:
            spans[start, end] = _Span(
                start, end, where, text[start:end], fold(text[start:end]).removeprefix("the ")
            )
        return spans[start, end]

    quotes = list(quoted_titles(text))
    quoted = _Cover(quotes)
    for start, end in quotes:
        words = text[start:end].split()
        span(start, end).weights["WORK_OF_ART"] += 2.5 if len(words) > 1 else 1.2
    found = [p for p in pieces(text) if not quoted.holds(p.start, p.end)]
    found = _resized(found, text, model, places)
    covered = _Cover([(p.start, p.end) for p in found] + quotes)
    for piece in found:
        made = span(piece.start, piece.end)
        made.title = piece.title
        made.starts_sentence = piece.starts_sentence
        if piece.label:
            made.weights[piece.label] += HEAD
            made.known = True
    for mention in model:
        inside = covered.within(mention.start, mention.end)
        if (mention.start, mention.end) in spans:
            made = span(mention.start, mention.end)
            made.known, made.model = True, mention.label
            made.votes[mention.label] += MODEL
        elif len(inside) == 1:
            made = span(*inside[0])
            made.model = made.model or mention.label
            made.votes[mention.label] += 0.7 * MODEL
            made.known = True
        elif inside:
            for at in inside:
                spans[at].votes[mention.label] += 0.4 * MODEL
        elif not covered.touches(mention.start, mention.end) and _has_capital(mention.text):
            made = span(mention.start, mention.end)
            made.known, made.model = True, mention.label
            made.votes[mention.label] += MODEL
    for candidate in places:
        at = (candidate.start, candidate.end)
        if at not in spans and covered.touches(*at):
            continue
        made = span(*at)
        made.known = True
        made.weights[_place_label(candidate)] += 3.2 * candidate.probability - 0.6
    c = cues()
    for made in spans.values():
        _own_words(made, aliases)
        _context(made, text)
        if made.key in _not_names():
            made.weights.clear()
            made.votes.clear()
    return list(spans.values())


def _place_label(candidate: Candidate) -> str:
    if candidate.demonym:
        return "NORP"
    features = {s.entry.feature[:3] for s in candidate.senses[:3]}
    if not features or features & {"PPL", "ADM", "PCL"}:
        return "GPE"
    return "LOC"


def _resized(
    found: Sequence[Piece], text: str, model: Sequence[RawMention], places: Sequence[Candidate]
) -> list[Piece]:
    """Pieces whose ends the model or the gazetteer knows better.

    A piece without a head word gives way where the gazetteer knows the whole of it in parts
    ("Asia-Europe"), and loses a number that no one takes for a part of it ("England 288").
    """
    at = {(m.start, m.end) for m in model} | {(c.start, c.end) for c in places}
    starts = defaultdict(list)
    for start, end in sorted(at):
        starts[start].append(end)
    place_ends = {c.start: c.end for c in places}
    result = []
    for piece in found:
        start, end = piece.start, piece.end
        if piece.label or (start, end) in at:
            result.append(piece)
            continue
        last = piece.words[-1]
        if last.isdigit() and len(piece.words) > 1:
            cut = end - len(last) - 1
            whole = text[start:cut]
            if (
                len(last) == 4
                or ((start, cut) in at and (cut + 1, end) not in at)
                or text.count(whole) > text.count(f"{whole} {last}")
            ):
                end = cut
                result.append(_part(piece, text, start, end))
                continue
        parts = _tiled(start, end, text, place_ends) or _tiled_by_model(start, end, text, starts)
        if parts:
            result += [_part(piece, text, s, e) for s, e in parts]
        else:
            result.append(piece)
    return result


def _part(piece: Piece, text: str, start: int, end: int) -> Piece:
    return Piece(
        start, end, tuple(text[start:end].split()), None,
        piece.title if start == piece.start else None,
        piece.starts_sentence and start == piece.start,
    )  # fmt: skip


def _tiled(start: int, end: int, text: str, ends: Mapping[int, int]) -> list[tuple[int, int]]:
    """A compound of places, in its parts: "Asia-Europe", "AMSTERDAM/TOKYO"."""
    parts = []
    at = start
    while at in ends and ends[at] <= end:
        parts.append((at, ends[at]))
        if ends[at] == end:
            return parts if len(parts) > 1 else []
        if text[ends[at]] not in "-–/":
            return []
        at = ends[at] + 1
    return []


def _tiled_by_model(
    start: int, end: int, text: str, starts: Mapping[int, Sequence[int]]
) -> list[tuple[int, int]]:
    """Two names in a row, or a compound ("Kim-Putin"), as the model parted them."""
    if any(c.isdigit() for c in text[start:end]):
        return []
    parts = []
    at = start
    while at < end:
        inner = [e for e in starts.get(at, ()) if e <= end and e > at]
        if not inner:
            return []
        parts.append((at, inner[-1]))
        at = inner[-1]
        while at < end and text[at] in " -–/":
            at += 1
    return parts if len(parts) > 1 else []


def _own_words(span: _Span, aliases: Aliases) -> None:
    """What the name itself says: a known alias, a given name, initials, a model number."""
    text, weights = span.text, span.weights
    entry = aliases.find(text)
    if entry is not None:
        weights[entry.label] += HEAD
        span.known = True
    words = text.split()
    if len(words) > 1 and not weights:
        span_given = words[0].lower() in given_names() or (
            len(words[0]) == 2 and words[0][1] == "."
        )
        if span_given and words[-1][0].isupper():
            weights["PERSON"] += 1.6
    elif len(words) > 1 and words[0].lower() in given_names() and len(words) <= 4:
        weights["PERSON"] += 1.2
    if len(words) == 1:
        if text.isupper() and 2 <= len(text) <= 6 and text.isalpha():
            weights["ORG"] += 0.8
        elif text.lower() in given_names():
            weights["PERSON"] += 0.3
        if any(ch.isdigit() for ch in text) and text[0].isupper() and "." not in text:
            weights["PRODUCT"] += 0.8
    elif any(w[0].isdigit() or (w[0].isupper() and w[-1].isdigit()) for w in words[1:]):
        weights["PRODUCT"] += 1.5
    if text.startswith(("USS ", "HMS ", "MV ", "MSC ")):
        weights["PRODUCT"] += 1.5


def _context(span: _Span, text: str) -> None:
    """What the words right before and after say."""
    c = cues()
    w = span.weights
    before = text[max(0, span.start - 44) : span.start]
    after = text[span.end : span.end + 32]
    if span.title:
        last = span.title.split()[-1].lower().rstrip(".")
        w["PERSON"] += 2.5
        span.sex = _sex(last)
    _words_before(span, before)
    if _AGE.match(after):
        w["PERSON"] += 3.0
    follow = _AFTER.match(after)
    if follow:
        possessive, hyphen, comma_after, word, second = follow.groups()
        word = (word or "").lower()
        if hyphen:
            if word in ("based", "flagged", "born"):
                w["GPE"] += 2.0
        elif comma_after:
            if word == "who":
                w["PERSON"] += 1.5
            elif word == "which":
                w["ORG"] += 0.6
        elif word:
            if word in c.speech:
                w["PERSON"] += 1.0
                w["ORG"] += 0.5
            elif word in c.after_organisation or (
                word == "chief" and (second or "").lower() == "executive"
            ):
                w["ORG"] += 1.5
            elif not possessive and word in c.after_kind_organisation:
                w["ORG"] += 1.5
            elif not possessive and word in c.after_place:
                w["GPE"] += 2.0
            elif not possessive and word in c.after_land:
                w["LOC"] += 1.5


def _words_before(span: _Span, before: str) -> None:
    c, w = cues(), span.weights
    near = before.rpartition("\n")[2].rstrip(" \"“‘")
    comma = near.endswith(",")
    words = near.rstrip(",").split()
    if not words or not near[-1] in _OPEN and not near[-1].isalnum() and near[-1] not in ".,":
        return
    word = words[-1].lower().rstrip(".")
    previous = words[-2].lower() if len(words) > 1 else ""
    if word in ("the", "a", "an"):
        # "the Senate"; people's names take no article.
        w["PERSON"] -= 1.5
        w["ORG"] += 0.7
        if word == "the" and "GPE" in w:
            w["GPE"] -= 0.7
            w["LOC"] += 0.7
    elif word in c.titles or word in c.roles:
        w["PERSON"] += 0.0 if comma else 2.5
        if not comma:
            span.title = span.title or words[-1]
            span.sex = span.sex or _sex(word)
    elif word in c.kin:
        w["PERSON"] += 2.0
        span.sex = span.sex or _sex(word)
    elif word in c.nouns_product:
        w["PRODUCT"] += 2.5
    elif comma:
        return
    elif word in c.speech:
        w["PERSON"] += 1.0
        w["ORG"] += 0.5
    elif word in c.nouns_organisation:
        w["ORG"] += 2.0
    elif word in c.nouns_work:
        w["WORK_OF_ART"] += 2.5
    elif word in c.nouns_event:
        w["EVENT"] += 2.5
    elif word == "of" and previous in c.nouns_place:
        w["GPE"] += 2.5
    elif word in c.nouns_place:
        w["GPE"] += 0.5
    elif word in c.within:
        w["GPE"] += 0.8
        w["LOC"] += 0.4
        w["FAC"] += 0.3
    elif word in ("of", "from", "to") and previous in ("north", "south", "east", "west", "outside"):
        w["GPE"] += 1.2


def _sex(word: str) -> str | None:
    c = cues()
    return "f" if word in c.female else "m" if word in c.male else None


class _Forms:
    """All spans of a story by how they read, and what they say of each other."""

    def __init__(self, spans: Sequence[_Span], texts: Mapping[Field, str]) -> None:
        self._texts = texts
        self.forms: dict[str, list[_Span]] = defaultdict(list)
        for span in spans:
            self.forms[span.key].append(span)
        self._shared = {key: _shared(found) for key, found in self.forms.items()}
        self._linked: dict[str, Weights] = defaultdict(lambda: defaultdict(float))
        self._link()

    def decide(self, span: _Span) -> Named | None:
        """The span as a mention, or None where nothing says that it is one."""
        total: Weights = defaultdict(float)
        for weights in (
            span.weights, span.votes, self._shared[span.key], self._linked.get(span.key, {})
        ):  # fmt: skip
            for label, weight in weights.items():
                total[label] += weight
        if not total:
            return None
        label = max(total, key=lambda name: (total[name], name))
        enough = ENOUGH_KNOWN if span.known else ENOUGH
        if not any(s.known for s in self.forms[span.key]):
            enough = 2.0 if span.starts_sentence else 1.5
        if span.starts_sentence and not span.known and " " not in span.text:
            if re.search(rf"\b{re.escape(span.text.lower())}\b", self._texts[span.field]):
                enough = CAP  # "Will" at the start of a sentence, where "will" stands in others
            elif span.key in self._linked:
                enough = 1.3
        if total[label] < enough:
            return None
        return Named(
            span.start, span.end, span.text, label, span.field,
            span.title if label == "PERSON" else None, span.sex if label == "PERSON" else None,
        )  # fmt: skip

    def known(self, named: Iterable[Named]) -> dict[tuple[str, ...], str]:
        """Labels of the forms that may stand for the story's names, by their folded words."""
        known: dict[tuple[str, ...], str] = {}
        for mention in sorted(named, key=lambda n: len(n.text)):
            words = tuple(fold(mention.text).split())
            known[words] = mention.label
            if len(words) > 1:
                for short in _short_forms(words, mention.label):
                    known.setdefault(short, mention.label)
        return known

    def _link(self) -> None:
        labels = {key: self._best(key) for key in self.forms}
        for key, label in labels.items():
            words = tuple(key.split())
            if label is None or len(words) < 2:
                continue
            for short in _short_forms(words, label):
                joined = " ".join(short)
                if joined in self.forms and joined != key:
                    strength = _strength(words, short, label)
                    current = self._linked[joined][label]
                    self._linked[joined][label] = max(current, strength)
        for key, found in self.forms.items():
            for span in found:
                long = self._introduced(span)
                if long is not None and long != key and labels.get(long):
                    self._linked[key][labels[long] or "ORG"] += 4.0
                    break
        self._initials(labels)

    def _introduced(self, span: _Span) -> str | None:
        """The form that stands before this one in brackets: "... Agency (IAEA)"."""
        text = self._texts[span.field]
        if text[max(0, span.start - 1) : span.start] != "(" or text[span.end : span.end + 1] != ")":
            return None
        for other in self._ending.get((span.field, span.start - 2), ()):
            return other.key
        return None

    @property
    def _ending(self) -> Mapping[tuple[Field, int], Sequence[_Span]]:
        if not hasattr(self, "_ends"):
            ends: dict[tuple[Field, int], list[_Span]] = defaultdict(list)
            for found in self.forms.values():
                for span in found:
                    ends[span.field, span.end].append(span)
            self._ends = ends
        return self._ends

    def _initials(self, labels: Mapping[str, str | None]) -> None:
        short = [k for k, found in self.forms.items() if found[0].text.isupper() and _INITIALS.match(k)]
        if not short:
            return
        for key, label in labels.items():
            if label in ("ORG", "LAW", "EVENT") and " " in key:
                for form in short:
                    if form in initials(key):
                        self._linked[form][label] = max(self._linked[form][label], 3.0)

    def _best(self, key: str) -> str | None:
        total: Weights = defaultdict(float)
        for weights in (self._shared[key], _mean(self.forms[key])):
            for label, weight in weights.items():
                total[label] += weight
        if not total:
            return None
        label = max(total, key=lambda name: (total[name], name))
        return label if total[label] >= ENOUGH else None


def _shared(found: Sequence[_Span]) -> Weights:
    """What a form's mentions add to each: their evidence, bounded, and the mean of the votes."""
    total: Weights = defaultdict(float)
    if len(found) < 2:
        return total
    for span in found:
        for label, weight in span.weights.items():
            total[label] += 0.5 * weight
    total = defaultdict(float, {label: min(CAP, weight) for label, weight in total.items()})
    for span in found:
        for label, vote in span.votes.items():
            total[label] += vote / len(found)
    return total


def _mean(found: Sequence[_Span]) -> Weights:
    total: Weights = defaultdict(float)
    for span in found:
        for weights in (span.weights, span.votes):
            for label, weight in weights.items():
                total[label] += weight / len(found)
    return total


def _strength(words: tuple[str, ...], short: tuple[str, ...], label: str) -> float:
    """How much a longer name says about a shorter form of it."""
    if label == "PERSON":
        # A bare surname is the person's; a first word is one where it is no given name (Kim).
        if short[-1] == words[-1] or "-" in short[-1]:
            return 3.2
        return 1.4 if short[0] in given_names() else 2.2
    return 2.2


def _short_forms(words: tuple[str, ...], label: str) -> list[tuple[str, ...]]:
    """How a story may go on to call what it has named in full."""
    if label == "PERSON":
        full = tuple(w for w in words if w not in ("jr", "sr", "ii", "iii", "iv"))
        if len(full) < 2:
            return []
        shorts = [full[i:] for i in range(1, len(full))] + [full[:1]]
        return shorts
    if label == "ORG":
        c = cues()
        core = list(words)
        while len(core) > 1 and core[-1] in c.company_suffixes:
            core.pop()
        shorts = [tuple(core[:i]) for i in range(1, len(core))] + [tuple(core[-1:])]
        shorts.append(tuple(core))
        return [
            s for s in shorts
            if not (len(s) == 1 and (s[0] in c.organisations or s[0] in c.small or s[0] in c.common))
        ]  # fmt: skip
    if label in ("EVENT", "PRODUCT", "LAW", "LOC", "FAC"):
        shorts = [words[-1:], words[:1]] if label in ("EVENT", "PRODUCT", "FAC") else [words[:1]]
        generic = cues().events | cues().laws | cues().facilities | cues().before_events
        return [s for s in shorts if s[0] not in generic and not s[0].isdigit()]
    return []


def initials(key: str) -> set[str]:
    """The initialisms of a name, with and without its small words."""
    words = key.split()
    small = cues().small
    content = [w for w in words if w not in small]
    return {"".join(w[0] for w in content), "".join(w[0] for w in words)}


@cache
def _not_names() -> frozenset[str]:
    return frozenset(fold(word) for word in cues().not_names)


def _has_capital(text: str) -> bool:
    return any(c.isupper() for c in text)


def _matched(
    where: Field,
    text: str,
    model: Sequence[RawMention],
    places: Sequence[Candidate],
    known: Mapping[tuple[str, ...], str],
) -> list[Named]:
    """The names of a text whose capitals tell nothing: known ones, places, the model's."""
    words = [
        (m.start(), m.end()) for m in re.finditer(r"[^\W_](?:[\w.&]|['’-](?=\w)(?![sS]\b))*", text)
    ]
    longest = max((len(k) for k in known), default=0)
    taken: list[Named] = []
    i = 0
    while i < len(words):
        for length in range(min(longest, len(words) - i), 0, -1):
            start, end = words[i][0], words[i + length - 1][1]
            key = tuple(fold(text[start:end]).split())
            if text[start].isupper() and key in known:
                taken.append(Named(start, end, text[start:end], known[key], where))
                i += length
                break
        else:
            i += 1
    cover = _Cover([(n.start, n.end) for n in taken])
    for candidate in places:
        if not cover.touches(candidate.start, candidate.end):
            taken.append(
                Named(candidate.start, candidate.end, candidate.text, _place_label(candidate), where)
            )
    cover = _Cover([(n.start, n.end) for n in taken])
    for mention in model:
        if not cover.touches(mention.start, mention.end) and fold(mention.text) not in _not_names():
            taken.append(Named(mention.start, mention.end, mention.text, mention.label, where))
    return taken


def _dateline(text: str, places: Sequence[Candidate]) -> list[Named]:
    """Every part of a dateline's place that the gazetteer knows, else the parts themselves."""
    if places:
        return [
            Named(c.start, c.end, c.text, _place_label(c), "dateline")
            for c in places
        ]
    parts = re.finditer(r"[^,/;()]*[^,/;()\s]", text)
    named = []
    for part in parts:
        start = part.start() + len(part[0]) - len(part[0].lstrip())
        if part[0].strip() and part[0].strip()[0].isupper():
            named.append(Named(start, part.end(), text[start : part.end()], "GPE", "dateline"))
    return named


class _Cover:
    """Spans that do not overlap, asked what they cover."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = sorted(spans)
        self._starts = [s for s, _ in self._spans]

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """The spans that lie wholly in a stretch."""
        return [s for s in self._near(start, end) if start <= s[0] and s[1] <= end]

    def touches(self, start: int, end: int) -> bool:
        """Whether any span overlaps the stretch."""
        return bool(self._near(start, end))

    def holds(self, start: int, end: int) -> bool:
        """Whether the stretch lies wholly in a span."""
        return any(s <= start and end <= e for s, e in self._near(start, end))

    def _near(self, start: int, end: int) -> list[tuple[int, int]]:
        from bisect import bisect_left

        i = max(0, bisect_left(self._starts, start) - 1)
        found = []
        while i < len(self._spans) and self._spans[i][0] < end:
            if self._spans[i][1] > start:
                found.append(self._spans[i])
            i += 1
        return found
