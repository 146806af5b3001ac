"""People and organisations in other languages than English: known names, titles, who is quoted.

Without a model, the names are those of the alias table: in full, in initials, and a person's
surname below the full name. Speakers are found in German, French and Spanish where a verb of saying
stands between a quotation and a name; all else has no speaker rather than a guessed one.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cache
from importlib.resources import files

from msgspec.structs import replace

from pipeline.enrich.mentions import Field, RawMention
from pipeline.enrich.names.aliases import Aliases
from pipeline.wire.enriched import Entity, Mention, Quote
from pipeline.wire.labels import Label

LONGEST = 7
"""Words of a known name."""
REACH = 80
"""Characters between a quotation and its speaker, at most."""
_WORD = re.compile(r"[^\W_](?:[\w.&]|[-](?=\w))*")
_MARKS = (("„", "“”"), ("«", "»"), ("“", "”"), ("»", "«"), ('"', '"'))
_QUOTED = re.compile("|".join(rf"{a}([^{a}{z}\n]{{2,2000}})[{z}]" for a, z in _MARKS))
_SPEAKERS = frozenset({Label.PERSON, Label.ORG})
_SENTENCE_END = re.compile(r"[.!?]\s|\n")
_TITLE_BEFORE = re.compile(r"((?:[^\W\d_][\w.-]* ){1,4})$")


def known_names(text: str, field: Field, aliases: Aliases) -> list[RawMention]:
    """Returns the names of a text that the alias table has, in order, none overlapping another."""
    words = list(_WORD.finditer(text))
    found: list[RawMention] = []
    surnames: set[str] = set()
    at = 0
    while at < len(words):
        step = 1
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            start, end = words[at].start(), words[at + length - 1].end()
            surface = text[start:end].rstrip(".")
            end = start + len(surface)
            if "\n" in surface or not surface[0].isupper():
                continue
            alias = aliases.find(surface)
            label = None
            if alias is not None and (length > 1 or (surface.isupper() and len(surface) > 2)):
                label = alias.label
            elif length == 1 and surface in surnames and not _within_a_name(text, start, end):
                label = Label.PERSON.value
            if label is not None:
                found.append(RawMention(start, end, surface, label, field))
                if label == Label.PERSON:
                    surnames.add(surface.split()[-1])
                step = length
                break
        at += step
    return found


def _within_a_name(text: str, start: int, end: int) -> bool:
    """Returns True beside another word with a capital, which may be a given name."""
    before = re.search(r"[^\W\d_][\w-]* $", text[max(0, start - 30) : start])
    return bool(before and before[0][0].isupper()) or bool(re.match(r" [A-ZÀ-Þ]|-", text[end:]))


def titled(entities: Sequence[Entity], body: str, titles: Set[str]) -> tuple[Entity, ...]:
    """Returns the entities with the titles that stand right before people's names in the body."""
    return tuple(
        replace(e, title=title)
        if e.label == Label.PERSON and e.title is None and (title := _title(e, body, titles))
        else e
        for e in entities
    )


def _title(entity: Entity, body: str, titles: Set[str]) -> str | None:
    """Returns the title of the first mention that has one: "premier ministre"."""
    for mention in entity.mentions:
        if mention.field != "body":
            continue
        before = _TITLE_BEFORE.search(body[max(0, mention.start - 60) : mention.start])
        words = before[1].split() if before else []
        kept: list[str] = []
        while words and words[-1].lower().rstrip(".") in titles:
            kept.insert(0, words.pop())
        if kept:
            return " ".join(kept)
    return None


@cache
def speech() -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
    """Returns the verbs of saying, and the words that stand beside them, by language."""
    raw = files("pipeline.enrich.names").joinpath("data/speech.toml").read_text(encoding="utf-8")
    return {
        language: (frozenset(table["verbs"].split()), frozenset(table["beside"].split()))
        for language, table in tomllib.loads(raw).items()
    }


def quotes(
    body: str, entities: Sequence[Entity], language: str, titles: Set[str]
) -> tuple[Quote, ...]:
    """Returns the quotations of a body whose speakers are named plainly, in order."""
    if language not in speech():
        return ()
    verbs, beside = speech()[language]
    said = sorted(
        (
            (m, entity.id)
            for entity in entities
            if entity.label in _SPEAKERS
            for m in entity.mentions
            if m.field == "body"
        ),
        key=lambda pair: pair[0].start,
    )
    starts = [m.start for m, _ in said]
    found = []
    for match in _QUOTED.finditer(body):
        group = match.lastindex or 0
        start, end = match.span(group)
        start += len(match[group]) - len(match[group].lstrip())
        end -= len(match[group]) - len(match[group].rstrip())
        for gap, who in _gaps(body, match, said, bisect_left(starts, match.end())):
            words = [w.lower() for w in re.findall(r"[^\W\d_]+", gap)]
            others = [w for w in words if w not in verbs and w not in beside and w not in titles]
            if not verbs.isdisjoint(words) and len(others) <= 1:
                found.append(Quote(start=start, end=end, speaker=who))
                break
    return tuple(found)


def _gaps(
    body: str, quoted: re.Match[str], said: Sequence[tuple[Mention, str]], after: int
) -> Iterator[tuple[str, str]]:
    """Yields what parts a quotation from the name behind it and before it, and who that is."""
    behind = body[quoted.end() : quoted.end() + 2]
    if after < len(said) and re.match(r"\s?[,–—-]|\s[^\W\d_A-Z]", behind):
        mention, who = said[after]
        gap = body[quoted.end() : mention.start]
        if len(gap) <= REACH and not _SENTENCE_END.search(gap):
            yield gap, who
    for mention, who in reversed(said[max(0, after - 3) : after]):
        gap = body[mention.end : quoted.start()]
        if mention.end <= quoted.start() and len(gap) <= REACH and gap.rstrip().endswith(":"):
            if not _SENTENCE_END.search(gap):
                yield gap, who
            return
