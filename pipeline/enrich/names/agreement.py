"""What a story's candidates say of each other.

A name that stands in a story more than once means one thing, so each mention counts for the
others; a longer name speaks for its shorter forms ("Orlov" is a person where "Andrei Orlov" is
one), a name for the initials that are introduced for it, and of nested candidates one at most is
a name. The features have values: probabilities from the candidates' own places, and shares.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from pipeline.enrich.folding import fold
from pipeline.enrich.lexicon import cues
from pipeline.enrich.mentions import Named
from pipeline.enrich.names.scoring import KINDS, Scores
from pipeline.wire.labels import Label

FAINT = 0.02
"""Probabilities below this say nothing."""
LIKELY = 0.2
"""A longer name speaks for its parts from this probability on."""
FREE = 0.3
"""A candidate counts as a mention if it is to this degree not a part of a longer name."""
LOWEST = -8.0
"""Log probabilities count no lower than this."""

Row = tuple[int, int, tuple[str, ...]]
"""A candidate of the story: start, end, and its local features."""

_LOWER_WORD = re.compile(r"\b[^\W\d_]+\b")
_SHARED = frozenset((
    "P titles", "P Cap titles", "P roles", "P kin", "N , age", "N speech", "N after_organisation",
    "P nouns_organisation", "N company_suffixes", "N 's after_organisation", "P in 1", "P in n",
    "P speech", "N after_place", "P nouns_place", "N , who", "N , which", "P the", "alias ORG",
    "alias PERSON", "alias GPE", "place GPE sure", "N - low", "F titles",
))  # fmt: skip
"""Local features of a form's mentions that count for all of them."""
_VOTES = frozenset((*(f"model {label}" for label in Label), "model none"))
_STORY = {feature: f"story {feature}" for feature in sorted(_SHARED | _VOTES)}
_INHERITED = {
    "head ORG": "head ORG", "head GPE": "head GPE", "head LOC": "head LOC", "head FAC": "head FAC",
    "head EVENT": "head EVENT", "L company_suffixes": "suffix", "given + word": "given",
    "person shape": "given", "alias ORG": "alias ORG", "P Cap titles": "titled",
    "P titles": "titled", "P roles": "titled", "model PERSON": "model PERSON",
    "model ORG": "model ORG", "model GPE": "model GPE", "model LOC": "model LOC",
}  # fmt: skip
"""Local features of a longer name that count for its parts."""
_KEPT = ("table", "opens", "n2", "n3", "n4", "n5", "all CAPS")
_OWN = tuple(f"own {kind}" for kind in KINDS)
COUNTED = frozenset((*_SHARED, *_VOTES, *_INHERITED, *_KEPT))
"""All local features that are asked about here."""


class Forms:
    """All candidates of a text by how they read, and what is known of each form."""

    def __init__(self, text: str, rows: Sequence[Row], scores: Scores) -> None:
        self.text, self.rows = text, rows
        self.logs = scores.tolist()
        self.odds: list[list[float]] = _exp(scores)
        self.keys = [fold(text[s:e]).removeprefix("the ") for s, e, _ in rows]
        self.words = [tuple(key.split()) for key in self.keys]
        self.at: dict[str, list[int]] = defaultdict(list)
        for i, key in enumerate(self.keys):
            self.at[key].append(i)
        self._nest()
        self.free = [1 - max(outer[1:]) for outer in self.outer]
        self.totals = {key: self._total(found) for key, found in self.at.items()}
        self.best = {key: _most([self.odds[i] for i in found]) for key, found in self.at.items()}
        self.lower = {w for w in _LOWER_WORD.findall(text) if w.islower()}
        self._relate()
        self._count()

    def _nest(self) -> None:
        """Find what lies around and inside each candidate: the most of each kind."""
        n = len(self.rows)
        self.outer = [[0.0] * len(KINDS) for _ in range(n)]
        self.inner = [[0.0] * len(KINDS) for _ in range(n)]
        order = sorted(range(n), key=lambda i: (self.rows[i][0], -self.rows[i][1]))
        for a, i in enumerate(order):
            end = self.rows[i][1]
            for b in range(a + 1, n):
                j = order[b]
                if self.rows[j][0] >= end:
                    break
                if self.rows[j][1] <= end:
                    self.outer[j] = _larger(self.outer[j], self.odds[i])
                    self.inner[i] = _larger(self.inner[i], self.odds[j])

    def _total(self, found: Sequence[int]) -> tuple[list[float], float]:
        """Sum the probabilities of a form's mentions, each as far as it is free."""
        if len(found) == 1:
            free = self.free[found[0]]
            return [odds * free for odds in self.odds[found[0]]], free
        total, free = [0.0] * len(KINDS), 0.0
        for i in found:
            free += self.free[i]
            for k, odds in enumerate(self.odds[i]):
                total[k] += odds * self.free[i]
        return total, free

    def _relate(self) -> None:
        """Find what longer names say of their parts, and of their initials."""
        self.related: dict[tuple[str, str], Sequence[float]] = {}
        self.inherited: dict[str, set[str]] = defaultdict(set)
        self.surnames: dict[str, float] = defaultdict(float)
        small = cues().small
        for key, found in self.at.items():
            words = self.words[found[0]]
            if len(words) < 2:
                continue
            odds = self.best[key]
            self.surnames[words[-1]] = max(self.surnames[words[-1]], odds[1])
            speaks = max(odds[1:]) >= LIKELY
            tags = {_INHERITED[f] for i in found for f in self.rows[i][2] if f in _INHERITED}
            for part, where in _parts(words):
                if part in self.at and part != key:
                    if speaks:
                        self._link(part, where, odds)
                    self.inherited[part].update(f"{where} of {tag}" for tag in tags)
            if speaks:
                content = [w for w in words if w not in small]
                for letters in {"".join(w[0] for w in words), "".join(w[0] for w in content)}:
                    if len(letters) > 1 and letters in self.at:
                        self._link(letters, "initials", odds)

    def _link(self, key: str, where: str, odds: Sequence[float]) -> None:
        known = self.related.get((key, where))
        self.related[key, where] = odds if known is None else _larger(known, odds)

    def _count(self) -> None:
        """Count the features and the model's votes of each form's free mentions."""
        self.counted: dict[str, dict[str, float]] = {}
        for key, found in self.at.items():
            free = [self.rows[i][2] for i in found if self.free[i] >= FREE]
            counts = Counter(f for features in free for f in features if f in _STORY)
            row = {
                _STORY[f]: count / len(free) if f in _VOTES else min(1.0, count / 2)
                for f, count in counts.items()
            }
            row.update((f"story {tag}", 1.0) for tag in sorted(self.inherited[key]))
            self.counted[key] = row


def agreement(text: str, rows: Sequence[Row], scores: Scores) -> list[dict[str, float]]:
    """Returns for each candidate of a text the features that the whole text gives it.

    Args:
        rows: the candidates with their local features.
        scores: the log probabilities that those give.
    """
    if not rows:
        return []
    forms = Forms(text, rows, scores)
    result = [_features(forms, i) for i in range(len(rows))]
    _introduce(forms, result)
    return result


def _features(forms: Forms, i: int) -> dict[str, float]:
    key, words = forms.keys[i], forms.words[i]
    size = "1" if len(words) == 1 else "n"
    row = {"bias": 1.0, "free": forms.free[i], **forms.counted[key]}
    for feature, log in zip(_OWN, forms.logs[i], strict=True):
        row[feature] = log if log > LOWEST else LOWEST
    _elsewhere(forms, i, size, row)
    for where in ("last", "first", "inner", "initials"):
        odds = forms.related.get((key, where))
        if odds is not None:
            for kind, value in _heard(odds):
                row[f"{where} of {kind} {size}"] = row[f"{where} of {kind}"] = value
    row.update((f"outer {kind}", value) for kind, value in _heard(forms.outer[i]))
    row.update((f"inner {kind}", value) for kind, value in _heard(forms.inner[i]))
    if len(words) > 1:
        _parts_alone(forms, key, words, row)
    elif key.endswith("s") and key[:-1] in forms.surnames:
        row["family"] = forms.surnames[key[:-1]]
    local = set(forms.rows[i][2])
    if len(words) == 1 and key in forms.lower:
        row["lower"] = 1.0
        if "opens" in local:
            row["lower opens"] = 1.0
    row.update((f"is {feature}", 1.0) for feature in _KEPT if feature in local)
    return row


def _elsewhere(forms: Forms, i: int, size: str, row: dict[str, float]) -> None:
    """Add what the other mentions of the same form are."""
    total, free = forms.totals[forms.keys[i]]
    free -= forms.free[i]
    if free <= 0.05:
        row[f"alone {size}"] = 1.0
        return
    row[f"others {size}"] = min(1.0, free / 3)
    own, most = forms.free[i], max(free, 1.0)
    for kind, summed, odds in zip(KINDS, total, forms.odds[i], strict=True):
        row[f"others {size} {kind}"] = row[f"others {kind}"] = (summed - odds * own) / most


def _heard(odds: Sequence[float]) -> list[tuple[str, float]]:
    """Returns the kinds of names whose probability is not too faint, with it."""
    return [(kind, value) for kind, value in zip(KINDS, odds, strict=True) if value > FAINT][
        odds[0] > FAINT :
    ]


def _parts_alone(forms: Forms, key: str, words: tuple[str, ...], row: dict[str, float]) -> None:
    """Add what the parts of a longer name are where they stand alone."""
    row["namesake"] = forms.surnames.get(words[-1], 0.0)
    parts = [(words[0], "first"), (words[-1], "last")]
    if len(words) > 2:
        parts += [(" ".join(words[1:]), "rest"), (" ".join(words[:-1]), "begin")]
    for part, where in parts:
        if part != key and part in forms.totals:
            total, free = forms.totals[part]
            if free > FREE:
                for k, kind in enumerate(KINDS):
                    row[f"{where} alone {kind}"] = total[k] / max(free, 1.0)


def _introduce(forms: Forms, result: Sequence[dict[str, float]]) -> None:
    """Add what a short form in brackets is introduced for: "... Agency (IAEA)"."""
    text, ending = forms.text, defaultdict(list)
    for i, (_, end, _) in enumerate(forms.rows):
        ending[end].append(i)
    for i, (start, end, _) in enumerate(forms.rows):
        if text[max(0, start - 2) : start] == " (" and text[end : end + 1] == ")":
            for j in ending.get(start - 2, ()):
                for k, kind in enumerate(KINDS[1:], 1):
                    if forms.odds[j][k] > FAINT:
                        feature = f"introduced {kind}"
                        result[i][feature] = max(result[i].get(feature, 0.0), forms.odds[j][k])


def _exp(scores: Scores) -> list[list[float]]:
    odds: list[list[float]] = np.exp(scores).tolist()
    return odds


def _larger(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Returns the larger of each two values."""
    return [a if a > b else b for a, b in zip(one, other, strict=True)]


def _most(rows: Sequence[Sequence[float]]) -> Sequence[float]:
    """Returns the largest value of each column."""
    return rows[0] if len(rows) == 1 else [max(column) for column in zip(*rows, strict=True)]


@lru_cache(maxsize=1 << 12)
def _parts(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Returns the shorter forms of a name, and where in it each stands."""
    n = len(words)
    found: dict[str, str] = {}
    for a in range(n):
        for b in range(a + 1, n + 1):
            if b - a < n:
                where = "last" if b == n else "first" if a == 0 else "inner"
                found.setdefault(" ".join(words[a:b]), where)
    return tuple(found.items())


def known_forms(named: Iterable[Named]) -> dict[tuple[str, ...], str]:
    """Returns the labels of all forms that may stand for a story's names, by their folded words."""
    known: dict[tuple[str, ...], str] = {}
    for mention in sorted(named, key=lambda n: len(n.text)):
        words = tuple(fold(mention.text).split())
        known[words] = mention.label
        if len(words) > 1:
            for short in short_forms(words, mention.label):
                known.setdefault(short, mention.label)
    return known


@lru_cache(maxsize=1 << 12)
def short_forms(words: tuple[str, ...], label: str) -> list[tuple[str, ...]]:
    """Returns the short forms that a story may use for a name after it gave it in full."""
    if label == Label.PERSON:
        full = tuple(w for w in words if w not in ("jr", "sr", "ii", "iii", "iv"))
        if len(full) < 2:
            return []
        return [full[i:] for i in range(1, len(full))] + [(word,) for word in full[:-1]]
    if label == Label.ORG:
        c = cues()
        core = list(words)
        while len(core) > 1 and core[-1] in c.company_suffixes:
            core.pop()
        shorts = [tuple(core[:i]) for i in range(1, len(core))] + [tuple(core[-1:])]
        shorts.append(tuple(core))
        generic = c.organisations | c.small | c.common
        return [s for s in shorts if len(s) > 1 or s[0] not in generic]
    if label in (Label.EVENT, Label.PRODUCT, Label.LAW, Label.LOC, Label.FAC):
        # "Odette" is the hurricane, "Halo" the device, but "Muscat" is no festival.
        shorts = [words[-1:]] if label == Label.EVENT else [words[:1]]
        if label in (Label.PRODUCT, Label.FAC):
            shorts.append(words[-1:])
        generic = cues().events | cues().laws | cues().facilities | cues().before_events
        return [s for s in shorts if s[0] not in generic and not s[0].isdigit()]
    return []


def initials(key: str) -> set[str]:
    """Returns the initialisms of a name, with and without its small words."""
    words = key.split()
    small = cues().small
    content = [w for w in words if w not in small]
    return {"".join(w[0] for w in content), "".join(w[0] for w in words)}
