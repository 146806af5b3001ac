"""What a record's entities say of its toponyms: who is no place, and which places were missed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.places import gazetteer_class
from pipeline.enrich.geo.toponyms import Candidate, readings
from pipeline.enrich.lexicon import cues
from pipeline.enrich.mentions import Field
from pipeline.enrich.names.tables import is_sport, is_table_line
from pipeline.wire.enriched import Entity, Mention
from pipeline.wire.labels import Label

PROBABILITY = 0.7
"""That a name which the record calls a place is one that the gazetteer has, in three of four."""
SURE = 0.95
"""From here on the recogniser outweighs the label: "the Western Cape" is no organisation."""
_BROAD = frozenset({"country", "first division", "region"})
_PLACES = frozenset({Label.GPE, Label.LOC})
_NO_PLACES = frozenset({Label.ORG, Label.EVENT, Label.WORK_OF_ART, Label.LAW, Label.PRODUCT})
_SAID = frozenset({"within", "in container", "comma place"})
_LONGEST_ROW = 120
_STREETS = frozenset(
    ["street", "st", "road", "rd", "avenue", "ave", "boulevard", "blvd", "lane", "drive", "way"]
)
_BEAT = re.compile(r" (?:beat|defeated|edged|routed|crushed|lost to|drew with|outlasted)\b")
_BEATEN = re.compile(r"\b(?:beat|defeated|edged|routed|crushed|lost to|drew with|outlasted) $")
_SENTENCE_END = re.compile(r"[.!?] |\n")
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}\s*$")
"""A line of place and date is a dateline and no row: "PARIS 2026-11-02"."""
_TOWNS = frozenset({"metropolis", "city", "town", "village"})
_SCORE = re.compile(r"\b\d{1,3}-\d{1,3}\b")
_BEFORE = re.compile(r"(?:\b[A-Z][^\W_]* |\b[A-Z][a-z]{0,2}\. |[-&'’])$")
"""A word in capitals, or half of a compound: the name is part of a longer one."""
_AFTER = re.compile(r" [A-Z&]|[-&]")


class Verdict:
    """What a record's entities call the words of one of its texts."""

    def __init__(self, entities: Iterable[Entity], field: Field, text: str) -> None:
        self._text = text
        self.mentions = [
            (Label[entity.label], mention)
            for entity in entities
            for mention in entity.mentions
            if mention.field == field
        ]
        self._cover = {
            at: (label, mention)
            for label, mention in self.mentions
            for at in range(mention.start, mention.end)
        }

    def of(self, candidate: Candidate) -> str:
        """Returns what the record calls a candidate, as a feature of its confidence."""
        found = self._cover.get(candidate.start)
        if found is None:
            return "record: nothing"
        label, mention = found
        kind = "place" if label in _PLACES else label.value
        return f"record: {kind}" if _all_of(mention, candidate) else f"record: in {kind}"

    def contradicts(self, candidate: Candidate) -> bool:
        """Returns True where an entity's mention says that a candidate is no place."""
        if self._is_a_team(candidate):
            return True
        found = self._cover.get(candidate.start)
        if found is None:
            return False
        label, mention = found
        if label == Label.PERSON:
            return True
        if label == Label.FAC:  # a street is called after a place, and lies elsewhere
            last = self._text[mention.start : mention.end].split()[-1].lower().rstrip(".")
            return last in _STREETS and candidate.end < mention.end
        if label not in _NO_PLACES:
            return False
        if candidate.demonym:  # "Korean" of the Korean Central News Agency may be either country's
            return len({s.entry.country for s in candidate.senses}) > 1
        if candidate.probability >= SURE and gazetteer_class(candidate.senses) in _BROAD:
            return False
        return _all_of(mention, candidate)

    def _is_a_team(self, candidate: Candidate) -> bool:
        """Returns True for a town in a table of results: "DENVER 11 2 0", but not a country."""
        if candidate.demonym or not _SAID.isdisjoint(candidate.cues):
            return False
        if not _has_a_club(candidate):
            return False
        if self._plays(candidate):
            return True
        begin = self._text.rfind("\n", 0, candidate.start) + 1
        end = self._text.find("\n", candidate.end)
        line = self._text[begin : end if end >= 0 else None]
        row = len(line) < _LONGEST_ROW and is_table_line(line) and not _DATED.search(line)
        return row and self._is_sport

    def _plays(self, candidate: Candidate) -> bool:
        """Returns True for a side of a match: "Dallas beat Chicago 21-14"."""
        after = self._text[candidate.end : candidate.end + 80]
        before = self._text[max(0, candidate.start - 12) : candidate.start]
        if not (_BEAT.match(after) or _BEATEN.search(before)):
            return False
        return bool(_SCORE.search(_SENTENCE_END.split(after)[0])) or self._is_sport

    @cached_property
    def _is_sport(self) -> bool:
        return is_sport(self._text)

    def is_free(self, start: int, end: int) -> bool:
        """Returns True where no entity is mentioned."""
        return start not in self._cover and end - 1 not in self._cover


def revised(
    candidates: Sequence[Candidate],
    text: str,
    verdict: Verdict,
    gazetteer: Gazetteer,
    language: str = "en",
) -> list[Candidate]:
    """Returns the toponyms of one text that agree with the record's entities, in order.

    A span that begins in a person's name, or that is all of another name, is left out: "Paris
    Hilton", "the White House". What the record calls a place is added where the gazetteer has it.
    """
    kept = [c for c in candidates if not verdict.contradicts(c)]
    taken = {at for c in kept if c.accepted for at in range(c.start, c.end)}
    for label, m in verdict.mentions:
        if label not in _PLACES or not taken.isdisjoint(range(m.start, m.end)):
            continue
        surface = text[m.start : m.end]
        if surface.lower() in cues().directions:  # "the Southwest" is nobody's Southwest Region
            continue
        if language == "en":
            point = surface.endswith(".") or text[m.end : m.end + 1] == "."
            senses = readings(surface.rstrip("."), point, gazetteer)
        else:
            senses = gazetteer.lookup(surface, language)
        kinds = {"name", "former", "alternate"}
        if language == "en" and text[: m.start].lower().endswith("the "):
            kinds.remove("alternate")
            if gazetteer_class(senses) in _TOWNS:  # "the Temple" is not in Texas
                continue
        senses = tuple(s for s in senses if s.kind in kinds)
        missed = Candidate(m.start, m.end, surface, senses, ("entity",), PROBABILITY)
        if senses and not verdict.contradicts(missed):
            kept = [c for c in kept if c.end <= m.start or c.start >= m.end]
            kept.append(missed)
    return sorted(kept, key=lambda c: c.start)


def repeated(
    candidates: Sequence[Candidate], text: str, verdict: Verdict, known: Collection[Candidate]
) -> list[Candidate]:
    """Returns toponyms with those that repeat a name which another sentence uses of a place.

    Args:
        candidates: the toponyms of one text.
        known: those of all texts of the story.
    """
    names = {c.text: c for c in known if c.accepted and not c.demonym and len(c.text) > 3}
    if not names:
        return list(candidates)
    taken = {at for c in candidates if c.accepted for at in range(c.start, c.end)}
    longest = sorted(names, key=len, reverse=True)
    found = list(candidates)
    for match in re.finditer(rf"\b(?:{'|'.join(map(re.escape, longest))})\b", text):
        start, end = match.span()
        if (
            taken.isdisjoint(range(start, end))
            and verdict.is_free(start, end)
            and not _BEFORE.search(text[max(0, start - 30) : start])
            and not _AFTER.match(text, end)
        ):
            found = [c for c in found if c.end <= start or c.start >= end]
            senses = names[match[0]].senses
            found.append(Candidate(start, end, match[0], senses, ("repeated",), PROBABILITY))
    return sorted(found, key=lambda c: c.start)


def _has_a_club(candidate: Candidate) -> bool:
    """Returns True for a town, or a state of America; England and Scotland play as countries do."""
    kind = gazetteer_class(candidate.senses)
    american = any(s.entry.country in ("US", "CA") for s in candidate.senses)
    return kind in _TOWNS or (kind == "first division" and american)


def _all_of(mention: Mention, candidate: Candidate) -> bool:
    return mention.start == candidate.start and abs(mention.end - candidate.end) <= 2
