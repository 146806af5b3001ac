"""What a record's entities say of its toponyms: who is no place, and which places were missed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.places import gazetteer_class
from pipeline.enrich.geo.toponyms import Candidate, readings
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
        if gazetteer_class(candidate.senses) == "country":
            return False
        begin = self._text.rfind("\n", 0, candidate.start) + 1
        end = self._text.find("\n", candidate.end)
        line = self._text[begin : end if end >= 0 else None]
        return len(line) < _LONGEST_ROW and is_table_line(line) and self._is_sport

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
        if language == "en":
            point = surface.endswith(".") or text[m.end : m.end + 1] == "."
            senses = readings(surface.rstrip("."), point, gazetteer)
        else:
            senses = gazetteer.lookup(surface, language)
        kinds = {"name", "former"}
        if language != "en" or not text[: m.start].lower().endswith("the "):
            kinds.add("alternate")
        senses = tuple(s for s in senses if s.kind in kinds)
        if senses:
            kept = [c for c in kept if c.end <= m.start or c.start >= m.end]
            kept.append(Candidate(m.start, m.end, surface, senses, ("entity",), PROBABILITY))
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


def _all_of(mention: Mention, candidate: Candidate) -> bool:
    return mention.start == candidate.start and abs(mention.end - candidate.end) <= 2
