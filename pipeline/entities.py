"""Entities of a story: mentions grouped by what they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pipeline.enriched import Entity, Mention
from pipeline.geo.names import fold
from pipeline.mentions import RawMention


def group(mentions: Sequence[RawMention]) -> tuple[Entity, ...]:
    """Entities in the order of their first mention; equal folded names of one label are one."""
    groups: dict[tuple[str, str], list[RawMention]] = defaultdict(list)
    for mention in mentions:
        groups[mention.label, fold(mention.text)].append(mention)
    most = max((len(g) for g in groups.values()), default=1)
    return tuple(
        Entity(
            id=f"{label.lower()}:{name}",
            text=found[0].text,
            label=label,
            mentions=tuple(Mention(start=m.start, end=m.end, field=m.field) for m in found),
            salience=round(len(found) / most, 3),
        )
        for (label, name), found in groups.items()
        if name
    )
