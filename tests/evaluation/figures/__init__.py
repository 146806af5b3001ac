"""Figures against a set of our own stories whose figures are judged, and changes of versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.enrich.enricher import Enricher
from pipeline.facts.changes import changed
from pipeline.facts.figures import figures

HERE = Path(__file__).parent
_MARKED = re.compile(r"\[([^\]|]+)\|([^\]|]+)\|([^\]|]*)\|([^\]|]*)\]")

Told = tuple[str, str, str]
"""Value, unit and what it counts."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A story with the figures that it states."""

    part: str
    language: str
    text: str
    figures: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions, and the kinds of facts that changed."""

    before: str
    after: str
    changed: frozenset[str]


@dataclass(slots=True)
class Score:
    """Right answers, answers and judgements."""

    right: int = 0
    told: int = 0
    judged: int = 0

    def __str__(self) -> str:
        precision, recall = self.right / max(1, self.told), self.right / max(1, self.judged)
        return f"{precision:.3f} | {recall:.3f} | {self.f1:.3f}"

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / max(1, self.told + self.judged)

    def add(self, told: list[Told], judged: list[Told]) -> None:
        """Count one story."""
        left = list(judged)
        for one in told:
            if one in left:
                left.remove(one)
                self.right += 1
        self.told += len(told)
        self.judged += len(judged)


def stories() -> list[Judged]:
    """The stories of the set."""
    found = []
    for heading, text in _blocks("stories.txt"):
        part, language = heading.split()
        marks = tuple((value, unit, counts) for _, value, unit, counts in _MARKED.findall(text))
        found.append(Judged(part, language, _MARKED.sub(r"\1", text), marks))
    return found


def pairs() -> list[Pair]:
    """The pairs of versions of the set."""
    found = []
    for heading, text in _blocks("versions.txt"):
        before, _, after = text.partition("\n--\n")
        found.append(Pair(before.strip(), after.strip(), frozenset(heading.split())))
    return found


def _blocks(name: str) -> Iterator[tuple[str, str]]:
    text = (HERE / name).read_text("utf-8")
    for block in text.split("\n==")[1:]:
        heading, _, rest = block.partition("\n")
        yield heading.strip(), rest.strip()


def measured(part: str) -> tuple[Score, Score]:
    """Score one part of the stories: figures with unit and what they count, and values alone."""
    whole, values = Score(), Score()
    for story in stories():
        if story.part != part:
            continue
        found = figures(story.text, story.language)
        told = [(f.value, f.unit or "", f.counts or "") for f in found]
        whole.add(told, list(story.figures))
        values.add(*([(value, "", "") for value, _, _ in each] for each in (told, story.figures)))
    return whole, values


def kinds() -> Score:
    """Score the kinds of changes of all pairs; each kind that is told or judged counts once."""
    score = Score()
    for pair in pairs():
        told = changed({"body": pair.before}, {"body": pair.after})
        score.add([(k, "", "") for k in told], [(k, "", "") for k in sorted(pair.changed)])
    return score


def report(enricher: Enricher) -> str:
    """Return the section on figures."""
    lines = [
        "## Figures\n",
        "Stories and pairs of versions of our own, judged by hand (`tests/evaluation/figures`). A",
        "figure is right when its value, its unit and what it counts are. The held-out ones were",
        "written before they were measured; their first F1 was .806, and rules that were made for",
        "the others improved it.\n",
        "| | judged | precision | recall | F1 |",
        "| --- | --- | --- | --- | --- |",
    ]
    for part, name in (("dev", "seen"), ("held", "held out")):
        whole, values = measured(part)
        lines += [
            f"| figures, {name} | {whole.judged} | {whole} |",
            f"| values alone, {name} | {values.judged} | {values} |",
        ]
    changes = kinds()
    lines.append(f"| kinds of changes, {len(pairs())} pairs | {changes.judged} | {changes} |")
    return "\n".join(lines) + "\n"
