"""Which names of a list are forms of one person: "Obama" beside "Barack Obama"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pipeline.index.stems import folded_name

Buckets = Sequence[Mapping[str, Any]]
Groups = Sequence[Sequence[str]]

CLEARLY = 4
"""A short name is the person's with so many times the stories of the next of that name."""


async def merged(
    buckets: Buckets, stories: Callable[[Groups], Awaitable[Sequence[int]]]
) -> Buckets:
    """Return the buckets of names with the forms of one person as one, `forms` beside its key.

    Args:
        buckets: of a terms aggregation.
        stories: returns how many stories have any name of each group: a story may have several.
    """
    counts = {str(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
    groups = same_names(counts)
    several = [(name, *forms) for name, forms in groups.items() if forms]
    totals = await stories(several) if several else ()
    counts |= {names[0]: total for names, total in zip(several, totals, strict=True)}
    found = [{"key": n, "doc_count": counts[n], "forms": forms} for n, forms in groups.items()]
    return sorted(found, key=lambda bucket: -bucket["doc_count"])


def same_names(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Return each name with the other names in the list that mean the same person.

    A name is a form of a longer one that ends with the same word and has all of its words, in the
    same order, if only one person in the list can be meant, or one of them by far the most often.

    Args:
        counts: the number of stories with each name.
    """
    names: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in sorted(counts, key=lambda name: -counts[name]):
        names[tuple(folded_name(name).split())].append(name)
    totals = {words: sum(counts[name] for name in same) for words, same in names.items()}
    owner = {words: _owner(words, totals) for words in names}
    groups: dict[str, list[str]] = {
        same[0]: [] for words, same in names.items() if owner[words] == words
    }
    for words, same in names.items():
        leader = words
        while owner[leader] != leader:
            leader = owner[leader]
        leading = names[leader][0]
        groups[leading] += [name for name in same if name != leading]
    return groups


def _owner(words: tuple[str, ...], totals: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    """Return the words of the fuller name that a name is a form of; else its own."""
    fuller = sorted(
        (each for each in totals if len(each) > len(words) and _is_form(words, each)),
        key=lambda each: -totals[each],
    )
    if not fuller:
        return words
    best, *others = fuller
    clear = all(
        _is_form(best, other) or _is_form(other, best) or totals[best] >= CLEARLY * totals[other]
        for other in others
    )
    return best if clear else words


def _is_form(words: tuple[str, ...], fuller: tuple[str, ...]) -> bool:
    """Return whether a name ends as a fuller one does, and has its words in the same order."""
    if not words or words[-1] != fuller[-1]:
        return False
    rest = iter(fuller)
    return all(word in rest for word in words)
