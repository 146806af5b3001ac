"""Names whose form alone says what they name, whatever the model makes of them.

No weights are asked about them: the sides of a result on a line of its own, a person with a
nickname in quotation marks, a firm of the alias table with "and" in its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pipeline.enrich.lexicon import cues, given_names
from pipeline.enrich.mentions import Span
from pipeline.enrich.names.aliases import Aliases
from pipeline.enrich.names.capitals import NAME_WORD
from pipeline.wire.labels import Label

_SIDE = rf"({NAME_WORD}(?: (?:of |de |la |& )?{NAME_WORD}){{0,3}})"
_FIGURE = r"[ \t]+\d{1,3}"
_SCORE = rf"{_FIGURE}(?:[ \t]*[-–:][ \t]*\d{{1,3}})?,?[ \t]+"
_RESULT = re.compile(
    rf"^{_SIDE}{_SCORE}{_SIDE}(?:{_FIGURE})?[ \t]*(?:\([^)\n]{{0,60}}\))?[ \t]*\.?$", re.MULTILINE
)
"""A result alone on its line: "Arden 0 Marlow 2", "Arden 0-2 Marlow"."""
_NICKNAME = "|".join(
    rf"{opening}\w{{1,12}}{closing}" for opening, closing in ("“”", '""', "‘’", "''")
)
_NICKNAMED = re.compile(
    rf"(?<!\w)({NAME_WORD})(?: [A-Z]\.)? (?:``\w{{1,12}}''|{_NICKNAME})"
    rf" ({NAME_WORD})(?:,? (?:Jr|Sr)\.|(?:[ -](?!(?:Jr|Sr)\b){NAME_WORD}))?"
)
_JOINED = re.compile(rf"(?<!\w)(?={NAME_WORD} and ((?:{NAME_WORD} ?){{1,3}}))({NAME_WORD} and )")


def evident(text: str, aliases: Aliases) -> dict[tuple[int, int], str]:
    """Returns the spans of a paragraph that say what they name, each with its label."""
    return {(start, end): label for start, end, label in _evident(text, aliases)}


def placed_over(model: Sequence[Span], spans: Mapping[tuple[int, int], str]) -> list[Span]:
    """Returns the model's spans with evident ones in the places of those that they touch."""
    kept = [m for m in model if all(m[1] <= start or m[0] >= end for start, end in spans)]
    return sorted([*kept, *((start, end, label) for (start, end), label in spans.items())])


def _evident(text: str, aliases: Aliases) -> Iterator[Span]:
    for match in _RESULT.finditer(text):
        for side in (1, 2):
            if not _is_date(match[side]):
                yield *match.span(side), Label.ORG
    for match in _NICKNAMED.finditer(text):
        if match[1].lower() in given_names() and match[2].lower() not in cues().titles:
            yield *match.span(), Label.PERSON
    yield from _firms(text, aliases)


def _firms(text: str, aliases: Aliases) -> Iterator[Span]:
    """Yields the names of firms that have "and" inside: "Brandt and Meyer" of "Brandt & Meyer"."""
    for match in _JOINED.finditer(text):
        words = match[1].split()
        for n in range(len(words), 0, -1):
            name = match[2] + " ".join(words[:n])
            alias = aliases.find(name)
            if (
                alias is not None
                and alias.label == Label.ORG
                and text.startswith(name, match.start())
            ):
                yield match.start(), match.start() + len(name), Label.ORG
                break


def _is_date(words: str) -> bool:
    return words.split()[-1].lower().rstrip(".") in cues().not_names
