"""Who is quoted: quotations whose speaker the text itself names.

Plain are `"...," said X`, `"...," X said`, `X said: "..."` and `X said she was "..."`, a pronoun
where only one person of that sex stands before it in the paragraph, and a further quotation in
the same paragraph. All else has no speaker rather than a guessed one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.enrich.lexicon import cues
from pipeline.enrich.mentions import Named
from pipeline.wire.enriched import Entity, Quote
from pipeline.wire.labels import Label

REACH = 90
"""Characters between a quotation and its speaker, at most."""
LONGEST = 2000
"""Characters of a quotation; what is longer has lost its closing mark."""
_QUOTED = re.compile(rf"“([^“”\n]{{2,{LONGEST}}})”|(?<!\w)\"([^\"\n]{{2,{LONGEST}}})\"(?!\w)")
_SENTENCE_END = re.compile(r"[.!?][”\"’']?\s+(?=[A-Z“\"‘])|\n")
_PRONOUN = re.compile(r"\s*(?:(he|she)\s+(\w+)|(\w+)\s+(he|she)\b)")
_ABBREVIATED = re.compile(r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Gov|Sen|Rep|Gen|Col|Lt|Adm|St|Jr|Rev)\.$")
_SPEAKERS = frozenset({Label.PERSON, Label.ORG, Label.NORP})


@dataclass(frozen=True, slots=True)
class _Said:
    start: int
    end: int
    entity: Entity


def quotes(body: str, entities: Sequence[Entity], named: Sequence[Named]) -> tuple[Quote, ...]:
    """Returns the quotations of a body whose speakers are named plainly, in order.

    Args:
        entities: those of the story.
        named: its mentions, some of which tell a person's sex.
    """
    sex_at = {n.start: n.sex for n in named if n.sex and n.field == "body"}
    sexes = {
        entity.id: sex_at[m.start]
        for entity in entities
        for m in entity.mentions
        if m.field == "body" and m.start in sex_at
    }
    mentions = sorted(
        (
            _Said(m.start, m.end, entity)
            for entity in entities
            if entity.label in _SPEAKERS
            for m in entity.mentions
            if m.field == "body"
        ),
        key=lambda m: m.start,
    )
    starts = [m.start for m in mentions]
    found = []
    last: Quote | None = None
    for match in _QUOTED.finditer(body):
        group = 1 if match[1] else 2
        start, end = match.span(group)
        if last is not None and not _same_paragraph(body, last.end, match.start()):
            last = None
        after = mentions[bisect_left(starts, match.end()) :][:3]
        before = mentions[max(0, bisect_left(starts, match.start()) - 3) :][:3]
        before = [m for m in before if m.end <= match.start()]
        speaker = (
            _named_after(body, match.end(), after)
            or _named_before(body, match.start(), before)
            or _pronoun(body, match.start(), match.end(), mentions, starts, sexes)
        )
        if speaker is None and last is not None and _opens_sentence(body, match.start()):
            speaker = last.speaker
        if speaker is not None:
            last = Quote(start=start, end=end, speaker=speaker)
            found.append(last)
    return tuple(found)


def _named_after(body: str, at: int, mentions: Sequence[_Said]) -> str | None:
    """Returns the id of the speaker in `"...," said the lawyer, X` or `"...," X said`."""
    if body[at - 2 : at - 1] not in ",?!" and body[at - 2 : at - 1] != "—":
        return None
    if not mentions:
        return None
    first = mentions[0]
    gap = body[at : first.start]
    if len(gap) > REACH or _ends_sentence(gap):
        return None
    words = gap.split()
    speaker = first
    for second in mentions[1:2]:
        # "said Villa manager Unai Emery": the club only says whose manager he is.
        between = body[first.end : second.start].split()
        if second.entity.label == Label.PERSON and between and _are_titles(between):
            speaker = second
    if words and words[0] in cues().speech:
        return speaker.entity.id if _is_head(words[1:]) else None
    if _are_titles(words) and _verb_follows(body[speaker.end : speaker.end + REACH]):
        return speaker.entity.id
    return None


def _named_before(body: str, at: int, mentions: Sequence[_Said]) -> str | None:
    """Returns the id of the speaker in `X said: "..."` or `X told reporters that it was "..."`."""
    for mention in reversed(mentions):
        gap = body[mention.end : at]
        if len(gap) > REACH or _ends_sentence(gap):
            return None
        if _verb_follows(gap):
            # "A spokesman for Jordan said": someone else speaks.
            owner = body[max(0, mention.start - 20) : mention.start].split()
            owned = bool(owner) and owner[-1] in ("for", "to", "of", "with")
            return None if owned else mention.entity.id
    return None


def _pronoun(
    body: str,
    start: int,
    end: int,
    mentions: Sequence[_Said],
    starts: Sequence[int],
    sexes: dict[str, str],
) -> str | None:
    """Returns the id of the speaker in `"...," she said`.

    There is one if the paragraph up to there names one person who may be "she".
    """
    match = _PRONOUN.match(body, end)
    if match is None or (match[2] or match[3]) not in cues().speech:
        return None
    sex = "f" if (match[1] or match[4]) == "she" else "m"
    paragraph = body.rfind("\n", 0, start) + 1
    near = mentions[bisect_left(starts, paragraph) : bisect_right(starts, start)]
    people = {
        m.entity.id for m in near
        if m.entity.label == Label.PERSON and sexes.get(m.entity.id, sex) == sex
    }  # fmt: skip
    return people.pop() if len(people) == 1 else None


def _are_titles(words: Sequence[str]) -> bool:
    """Returns whether the words are a title in front of a name, or there are none."""
    c = cues()
    return all(
        w.lower().rstrip(".") in c.titles | c.title_parts | c.roles or w in ("boss", "head")
        for w in words
    )


def _is_head(words: Sequence[str]) -> bool:
    """Returns whether the words between "said" and a name lead up to it: "her lawyer," "Sen."."""
    if not words:
        return True
    last = words[-1].rstrip(",.").lower()
    c = cues()
    if any(w.lower() in ("of", "for", "from", "in", "that", "to", "at", "as") for w in words):
        return False
    return len(words) <= 6 and (
        last in c.titles or last in c.roles or last in c.kin or last == "the"
    )


def _verb_follows(text: str) -> bool:
    """Returns whether a speech verb comes next, after no more than an aside between commas."""
    text = re.sub(r"^, [^,\n]{1,60},", "", text)
    words = text.split(maxsplit=1)
    return bool(words) and words[0].rstrip(",:.") in cues().speech


def _ends_sentence(text: str) -> bool:
    for match in _SENTENCE_END.finditer(text):
        if match[0] == "\n" or not _ABBREVIATED.search(text[: match.start() + 1]):
            return True
    return False


def _opens_sentence(body: str, at: int) -> bool:
    return body[:at].rstrip(" ")[-1:] in '.!?”"' or body[at - 1 : at] == "\n"


def _same_paragraph(body: str, start: int, end: int) -> bool:
    return "\n" not in body[start:end]
