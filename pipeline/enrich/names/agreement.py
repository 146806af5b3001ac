"""What a story's names say of each other.

A name that stands in a story more than once means one thing, so its mentions share their
evidence; a longer name speaks for its shorter forms ("Orlov" is a person where "Andrei Orlov"
is one), a name for the initials that are introduced for it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from sys import intern

from pipeline.enrich.folding import fold
from pipeline.enrich.lexicon import cues, given_names
from pipeline.enrich.mentions import Field, Named
from pipeline.enrich.names.evidence import Span, Weights
from pipeline.enrich.paragraphs import paragraphs, remembered

ENOUGH = 1.0
"""A name without as much weight for any label is left out."""
ENOUGH_KNOWN = 0.5
"""The same, where the model or the gazetteer found it."""
CAP = 4.0
"""The most that the words around a name weigh, however often it stands in the story."""
VOTE = 0.7
"""What the model's vote at one place weighs, of a name that it has voted on at others too."""
_LOWER_WORD = re.compile(r"\b[^\W\d_]+\b")


class Forms:
    """All spans of a story by how they read, and what they say of each other."""

    def __init__(self, spans: Sequence[Span], texts: Mapping[Field, str]) -> None:
        self._spans: dict[str, list[Span]] = defaultdict(list)
        for span in spans:
            self._spans[span.key].append(span)
        self._known = {key for key, found in self._spans.items() if any(s.known for s in found)}
        self._lower: set[str] = set().union(
            *(_lower_words(part) for text in texts.values() for _, part in paragraphs(text))
        )
        self._shared = {key: _shared(found) for key, found in self._spans.items() if len(found) > 1}
        self._linked: dict[str, Weights] = {}
        labels = {key: self._best(key) for key in self._spans}
        self._link_families(labels)
        self._link_short_forms(labels)
        self._link_initials(labels)
        self._link_introduced(labels, spans, texts)

    def decide(self, span: Span) -> Named | None:
        """The span as a mention, or None where nothing says that it is one."""
        linked = self._linked.get(span.key, {})
        shared = self._shared.get(span.key, {})
        votes = {label: VOTE * vote for label, vote in span.votes.items()} if shared else span.votes
        label, weight = _heaviest(span.weights, votes, shared, linked)
        enough = ENOUGH_KNOWN if span.known else ENOUGH
        if span.key not in self._known:
            enough = 2.0 if span.starts_sentence else 1.5
        if span.starts_sentence and not span.known and " " not in span.text:
            if span.text.lower() in self._lower:
                enough = CAP  # "Will" at the start of a sentence, where "will" stands in others
            elif linked:
                enough = 1.3
        if weight < enough:
            return None
        person = label == "PERSON"
        return Named(
            span.start, span.end, span.text, label, span.field,
            span.title if person else None, span.sex if person else None,
        )  # fmt: skip

    def _link(self, key: str, label: str, weight: float) -> None:
        weights = self._linked.setdefault(key, defaultdict(float))
        weights[label] = max(weights[label], weight)

    def _link_short_forms(self, labels: Mapping[str, str | None]) -> None:
        for key, label in labels.items():
            words = tuple(key.split())
            if label is not None and len(words) > 1:
                for short in short_forms(words, label):
                    joined = " ".join(short)
                    if joined in self._spans and joined != key:
                        self._link(joined, label, _strength(words, short, label))

    def _link_families(self, labels: dict[str, str | None]) -> None:
        """Whoever bears the surname of a person of the story is a person."""
        full = [key.split() for key, label in labels.items() if label == "PERSON" and " " in key]
        surnames = {words[-1] for words in full}
        for key in self._spans:
            words = key.split()
            family = len(words) == 1 and key.endswith("s") and key[:-1] in surnames
            namesake = 1 < len(words) < 4 and words[-1] in surnames
            if (namesake or family) and labels[key] != "PERSON":
                self._link(key, "PERSON", 2.2)
                labels[key] = self._best(key)

    def _link_initials(self, labels: Mapping[str, str | None]) -> None:
        for key, label in labels.items():
            if label in ("ORG", "LAW", "EVENT") and " " in key:
                for form in initials(key):
                    if form in self._spans and self._spans[form][0].text.isupper():
                        self._link(form, label, 3.0)

    def _link_introduced(
        self, labels: Mapping[str, str | None], spans: Sequence[Span], texts: Mapping[Field, str]
    ) -> None:
        """Short forms in brackets after the name that they are for: "... Agency (IAEA)"."""
        ending = {(span.field, span.end): span for span in spans}
        for span in spans:
            text = texts[span.field]
            if text[max(0, span.start - 1)] == "(" and text[span.end : span.end + 1] == ")":
                long = ending.get((span.field, span.start - 2))
                label = labels[long.key] if long is not None else None
                if long is not None and label is not None and long.key != span.key:
                    self._link(span.key, label, 4.0)

    def _best(self, key: str) -> str | None:
        """The label of a form by what is known of it so far."""
        found, linked = self._spans[key], self._linked.get(key, {})
        if len(found) == 1:
            label, weight = _heaviest(found[0].weights, found[0].votes, linked)
        else:
            label, weight = _heaviest(self._shared[key], _mean(found), linked)
        return label if weight >= ENOUGH else None


@remembered
def _lower_words(text: str) -> frozenset[str]:
    return frozenset(intern(word) for word in _LOWER_WORD.findall(text) if word.islower())


def known_forms(named: Iterable[Named]) -> dict[tuple[str, ...], str]:
    """Labels of all forms that may stand for a story's names, by their folded words."""
    known: dict[tuple[str, ...], str] = {}
    for mention in sorted(named, key=lambda n: len(n.text)):
        words = tuple(fold(mention.text).split())
        known[words] = mention.label
        if len(words) > 1:
            for short in short_forms(words, mention.label):
                known.setdefault(short, mention.label)
    return known


def _heaviest(*sources: Mapping[str, float]) -> tuple[str, float]:
    total: Weights = defaultdict(float)
    for weights in sources:
        for label, weight in weights.items():
            total[label] += weight
    if not total:
        return "", 0.0
    label = max(total, key=lambda name: (total[name], name))
    return label, total[label]


def _shared(found: Sequence[Span]) -> Weights:
    """What a form's mentions add to each: their evidence, bounded, and the mean of the votes."""
    total: Weights = defaultdict(float)
    for span in found:
        for label, weight in span.weights.items():
            total[label] += 0.5 * weight
    total = defaultdict(float, {label: min(CAP, weight) for label, weight in total.items()})
    for span in found:
        for label, vote in span.votes.items():
            total[label] += vote / len(found)
    return total


def _mean(found: Sequence[Span]) -> Weights:
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
        if short[-1] == words[-1]:
            return 3.2
        return 1.4 if short[0] == words[0] and short[0] in given_names() else 2.2
    return 3.5 if words[-1] in cues().company_suffixes else 2.2


@lru_cache(maxsize=1 << 12)
def short_forms(words: tuple[str, ...], label: str) -> list[tuple[str, ...]]:
    """How a story may go on to call what it has named in full."""
    if label == "PERSON":
        full = tuple(w for w in words if w not in ("jr", "sr", "ii", "iii", "iv"))
        if len(full) < 2:
            return []
        return [full[i:] for i in range(1, len(full))] + [(word,) for word in full[:-1]]
    if label == "ORG":
        c = cues()
        core = list(words)
        while len(core) > 1 and core[-1] in c.company_suffixes:
            core.pop()
        shorts = [tuple(core[:i]) for i in range(1, len(core))] + [tuple(core[-1:])]
        shorts.append(tuple(core))
        generic = c.organisations | c.small | c.common
        return [s for s in shorts if len(s) > 1 or s[0] not in generic]
    if label in ("EVENT", "PRODUCT", "LAW", "LOC", "FAC"):
        # "Odette" is the hurricane, "Halo" the device, but "Muscat" is no festival.
        shorts = [words[-1:]] if label == "EVENT" else [words[:1]]
        if label in ("PRODUCT", "FAC"):
            shorts.append(words[-1:])
        generic = cues().events | cues().laws | cues().facilities | cues().before_events
        return [s for s in shorts if s[0] not in generic and not s[0].isdigit()]
    return []


def initials(key: str) -> set[str]:
    """The initialisms of a name, with and without its small words."""
    words = key.split()
    small = cues().small
    content = [w for w in words if w not in small]
    return {"".join(w[0] for w in content), "".join(w[0] for w in words)}
