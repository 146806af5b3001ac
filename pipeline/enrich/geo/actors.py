"""Who acts like a firm or a player is no place: "Amazon said", "Jordan scored 30 points"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.enrich.geo.places import gazetteer_class
from pipeline.enrich.geo.toponyms import Candidate
from pipeline.enrich.lexicon import cues, given_names
from pipeline.enrich.mentions import Field, RawMention
from pipeline.enrich.names.aliases import Aliases
from pipeline.wire.labels import Label

_VERB = re.compile(r" (?:also |now |later |already )?([a-z]+)\b")
_SCORED = re.compile(
    r" (?:[a-z]+ )?(?:scored|had|added|made|got|hit|grabbed|threw for|ran for|finished with)"
    r" (?:a [a-z]+-high |a |just |only )?(?:\d{1,3}|[a-z]+)(?: of (?:his|her) \d{1,3})? ([a-z]+)\b"
)


def without_actors(
    candidates: Sequence[Candidate],
    mentions: Sequence[RawMention],
    text: str,
    field: Field,
    aliases: Aliases,
) -> tuple[list[Candidate], list[RawMention]]:
    """Returns the toponyms of a text without those who act, and the model's mentions with them.

    Args:
        mentions: what the model takes for names.
    """
    acting = {c: who for c in candidates if (who := _actor(c, text, aliases))}
    spans = {(c.start, c.end) for c in acting}
    found = [m for m in mentions if (m.start, m.end) not in spans]
    found += [RawMention(c.start, c.end, c.text, who, field) for c, who in acting.items()]
    return [c for c in candidates if c not in acting], sorted(found)


def _actor(candidate: Candidate, text: str, aliases: Aliases) -> Label | None:
    """Returns what a name is that does what no place does.

    A country's side scores, too: "England scored 30 points" is left to the rest of the text.
    """
    behind = text[candidate.end : candidate.end + 60]
    scored = _SCORED.match(behind)
    if scored is not None and scored[1] in cues().player_counts:
        country = gazetteer_class(candidate.senses) == "country"
        given = candidate.text.lower() in given_names()
        return Label.PERSON if given or not country else None
    verb = _VERB.match(behind)
    article = text[max(0, candidate.start - 4) : candidate.start].lower() == "the "
    if verb is None or verb[1] not in cues().firm_verbs or article:  # "the Amazon" is the river
        return None
    alias = aliases.find(candidate.text)
    return Label.ORG if alias is not None and alias.label == Label.ORG else None
