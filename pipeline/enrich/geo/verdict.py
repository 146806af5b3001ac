"""What a record's entities say of its toponyms: who is no place, and which places were missed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.places import gazetteer_class
from pipeline.enrich.geo.toponyms import Candidate, readings
from pipeline.enrich.mentions import Field
from pipeline.wire.enriched import Entity, Mention
from pipeline.wire.labels import Label

PROBABILITY = 0.7
"""That a name which the record calls a place is one that the gazetteer has, in three of four."""
SURE = 0.95
"""From here on the recogniser outweighs the label: "the Western Cape" is no organisation."""
_BROAD = frozenset({"country", "first division", "region"})
_PLACES = frozenset({Label.GPE, Label.LOC})
_NO_PLACES = frozenset({Label.ORG, Label.EVENT, Label.WORK_OF_ART, Label.LAW, Label.PRODUCT})


def revised(
    candidates: Sequence[Candidate],
    text: str,
    field: Field,
    entities: Iterable[Entity],
    gazetteer: Gazetteer,
    language: str = "en",
) -> list[Candidate]:
    """Returns the toponyms of one text that agree with the record's entities, in order.

    A span that begins in a person's name, or that is all of another name, is left out: "Paris
    Hilton", "the White House". What the record calls a place is added where the gazetteer has it.
    """
    mentions = sorted(
        (
            (Label[entity.label], mention)
            for entity in entities
            for mention in entity.mentions
            if mention.field == field
        ),
        key=lambda labelled: labelled[1].start,
    )
    starts = [m.start for _, m in mentions]

    def contradicted(candidate: Candidate) -> bool:
        n = bisect_right(starts, candidate.start)
        return n > 0 and _contradicts(*mentions[n - 1], candidate)

    kept = [c for c in candidates if not contradicted(c)]
    taken = {at for c in kept if c.accepted for at in range(c.start, c.end)}
    for label, m in mentions:
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


def _contradicts(label: Label, mention: Mention, candidate: Candidate) -> bool:
    """Returns True where an entity's mention says that a candidate is no place."""
    if label == Label.PERSON:
        return mention.start <= candidate.start < mention.end
    if label not in _NO_PLACES or not mention.start <= candidate.start < mention.end:
        return False
    if candidate.demonym:  # "Korean" of the Korean Central News Agency may be either country's
        return len({s.entry.country for s in candidate.senses}) > 1
    if candidate.probability >= SURE and gazetteer_class(candidate.senses) in _BROAD:
        return False
    return mention.start == candidate.start and abs(mention.end - candidate.end) <= 2
