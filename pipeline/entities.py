"""Entities of a story: mentions grouped by what they name.

Names are read with the whole story in view: a surname is the person's who bears it (of two,
the one whom the story named first, or the one whom "Mrs" fits), initials are the body's that
the story introduced them for, a short form is the longer name's it begins or ends. The alias
table says the rest: "U.N." and "United Nations" are one across all stories.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.aliases import Aliases
from pipeline.enriched import Entity, Mention
from pipeline.evidence import Named, initials
from pipeline.geo.names import fold
from pipeline.lexicon import cues, given_names
from pipeline.mentions import Field

Spot = tuple[Field, int, int]
"""Where a mention stands: field, start and end."""

ID_PREFIXES = {"WORK_OF_ART": "work"}
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_PARTS = frozenset(
    """board council foundation committee subcommittee commission caucus agency ministry
    department office fund court union association federation service university museum party
    school hospital police army navy air unit""".split()
)
"""A longer name that ends so is a body of its own, not the shorter one in full."""


@dataclass(slots=True)
class _Group:
    label: str
    mentions: list[Named] = field(default_factory=list)
    words: tuple[str, ...] = ()
    sex: str | None = None


def group(
    named: Sequence[Named],
    texts: Mapping[Field, str],
    aliases: Aliases,
    places: Mapping[Spot, Hashable] | None = None,
) -> tuple[Entity, ...]:
    """The entities of a story in the order of their first mention.

    Args:
        named: its mentions.
        texts: its texts by field.
        aliases: names that mean one thing in every story.
        places: by mention, what the gazetteer says that it is; equal ones are one entity.
    """
    by_label: dict[str, list[Named]] = defaultdict(list)
    for mention in named:
        by_label[mention.label].append(mention)
    groups: list[_Group] = []
    for label, mentions in by_label.items():
        if label == "PERSON":
            groups += _people(mentions, aliases)
        else:
            groups += _things(label, mentions, texts, aliases, places or {})
    order = {mention: i for i, mention in enumerate(named)}
    groups.sort(key=lambda g: min(order[m] for m in g.mentions))
    most = max((len(g.mentions) for g in groups), default=1)
    return tuple(_entity(g, texts, aliases, most) for g in groups)


def slug(name: str) -> str:
    """A name as the part of an id: "Kim Jong Un" is "kim-jong-un"."""
    return re.sub(r"[^\w]+", "-", fold(name)).strip("-") or "-"


def _people(mentions: Sequence[Named], aliases: Aliases) -> list[_Group]:
    """People: full names first, then the bare surnames and given names between them."""
    text_order = sorted(mentions, key=lambda m: (m.field != "body", m.start))
    people: list[_Group] = []
    full: dict[tuple[str, ...], _Group] = {}
    forms = {_person_words(m.text) for m in mentions}
    for words in sorted((w for w in forms if len(w) > 1), key=lambda w: (-len(w), w)):
        same = [g for g in people if _same_person(words, g.words)]
        if len(same) == 1:
            full[words] = same[0]
        else:
            full[words] = _Group("PERSON", words=words)
            people.append(full[words])
    canonical: dict[str, _Group] = {}
    first: dict[int, int] = {}
    for i, mention in enumerate(text_order):
        words = _person_words(mention.text)
        if words in full:
            person = full[words]
            alias = aliases.find(mention.text)
            if alias is not None:
                canonical.setdefault(alias.name, person)
            first.setdefault(id(person), i)
            person.mentions.append(mention)
            person.sex = person.sex or mention.sex
    for i, mention in enumerate(text_order):
        words = _person_words(mention.text)
        if words in full:
            continue
        alias = aliases.find(mention.text)
        person = canonical.get(alias.name) if alias is not None else None
        person = person or _bearer(words, mention, i, people, first)
        if person is None:
            person = _Group("PERSON", words=words)
            people.append(person)
            first[id(person)] = i
            if alias is not None:
                canonical[alias.name] = person
        person.mentions.append(mention)
        person.sex = person.sex or mention.sex
    return [p for p in people if p.mentions]


def _person_words(text: str) -> tuple[str, ...]:
    words = [w for w in fold(text).split() if w not in _SUFFIXES]
    return tuple(words) or (fold(text),)


def _same_person(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether a name of several words is another form of a longer one."""
    if short == long[-len(short) :] or short == long[: len(short)]:
        return True
    if short[-1] != long[-1]:
        return False
    return short[0] == long[0] or (min(len(short[0]), len(long[0])) == 1 and short[0][0] == long[0][0])


def _bearer(
    words: tuple[str, ...],
    mention: Named,
    at: int,
    people: Sequence[_Group],
    first: Mapping[int, int],
) -> _Group | None:
    """The person whom a single name stands for.

    A surname goes before a given name, a person of the right sex before others, one who was
    named before this mention over one who is named later, and among those the first.
    """
    ranked = []
    for person in people:
        full = person.words
        if len(full) < len(words) + 1:
            fit = 0 if full == words else None
        elif full[-len(words) :] == words or words[0] in full[1:]:
            fit = 0
        elif full[: len(words)] == words:
            # Where the first word is no given name, the family name comes first: Kim Jong Un.
            fit = 1 if words[0] in given_names() else 0
        else:
            fit = None
        if fit is not None:
            wrong = bool(mention.sex and person.sex and mention.sex != person.sex)
            fits = bool(mention.sex and person.sex == mention.sex)
            known = first.get(id(person), at + 1) < at
            order = (fit, wrong, not fits, not known, first.get(id(person), 0))
            ranked.append((order, len(ranked), person))
    return min(ranked)[2] if ranked else None


def _things(
    label: str,
    mentions: Sequence[Named],
    texts: Mapping[Field, str],
    aliases: Aliases,
    places: Mapping[Spot, Hashable],
) -> list[_Group]:
    """All that is no person: forms of one name, its initials and its short forms."""
    forms: dict[tuple[str, ...], list[Named]] = defaultdict(list)
    for mention in sorted(mentions, key=lambda m: (m.field != "body", m.start)):
        forms[_words(mention.text, label)].append(mention)
    union = _Union(forms)
    introduced = _introduced(forms, texts)
    for short, long in introduced.items():
        union.join(short, long)
    by_name: dict[Hashable, tuple[str, ...]] = {}
    for words, found in forms.items():
        if words not in introduced:
            alias = aliases.find(found[0].text)
            if alias is not None and alias.label == label:
                union.join(by_name.setdefault(("alias", alias.name), words), words)
        if label in ("GPE", "LOC", "NORP"):
            for mention in found:
                place = places.get((mention.field, mention.start, mention.end))
                if place is not None:
                    union.join(by_name.setdefault(("place", place), words), words)
    if label not in ("GPE", "NORP"):
        for words, found in forms.items():
            long = _longer(words, found[0].text, label, forms)
            if long is not None and words not in introduced:
                union.join(long, words)
    return [
        _Group(label, [m for words in members for m in forms[words]]) for members in union.sets()
    ]


def _words(text: str, label: str) -> tuple[str, ...]:
    words = fold(text).split()
    if label == "ORG":
        while len(words) > 1 and words[-1] in cues().company_suffixes:
            words.pop()
    if label == "NORP" and len(words[-1]) > 3:
        words[-1] = words[-1].removesuffix("s")
    return tuple(words)


def _introduced(
    forms: Mapping[tuple[str, ...], Sequence[Named]], texts: Mapping[Field, str]
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Short forms that stand in brackets after the name they are for: "... Agency (IAEA)"."""
    ending = {
        (m.field, m.end): words for words, found in forms.items() for m in found
    }
    result = {}
    for words, found in forms.items():
        for mention in found:
            text = texts[mention.field]
            before = ending.get((mention.field, mention.start - 2))
            if (
                before is not None
                and before != words
                and text[mention.start - 1] == "("
                and text[mention.end : mention.end + 1] == ")"
            ):
                result[words] = before
    return result


def _longer(
    words: tuple[str, ...],
    text: str,
    label: str,
    forms: Mapping[tuple[str, ...], Sequence[Named]],
) -> tuple[str, ...] | None:
    """The first longer name that a name is short for."""
    c = cues()
    acronym = text.replace(".", "").isupper() and len(words) == 1 and len(words[0]) > 1
    for long in forms:
        if len(long) <= len(words) or long == words:
            continue
        if acronym and words[0] in initials(" ".join(long)):
            return long
        rest: tuple[str, ...]
        if long[: len(words)] == words:
            rest = long[len(words) :]
        elif long[-len(words) :] == words and not (len(words) == 1 and words[0] in c.organisations):
            rest = long[: -len(words)]
        else:
            continue
        if label == "ORG" and (rest[-1] in _PARTS or (acronym and len(rest) > 1)):
            continue
        if label in ("WORK_OF_ART", "LAW") and len(words) == 1:
            continue
        return long
    return None


class _Union:
    """Forms joined into sets; the first form of a set names it."""

    def __init__(self, forms: Iterable[tuple[str, ...]]) -> None:
        self._parent = {form: form for form in forms}

    def join(self, one: tuple[str, ...], other: tuple[str, ...]) -> None:
        a, b = self._root(one), self._root(other)
        if a != b:
            self._parent[b] = a

    def sets(self) -> list[list[tuple[str, ...]]]:
        sets: dict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
        for form in self._parent:
            sets[self._root(form)].append(form)
        return list(sets.values())

    def _root(self, form: tuple[str, ...]) -> tuple[str, ...]:
        while self._parent[form] != form:
            form = self._parent[form]
        return form


def _entity(group: _Group, texts: Mapping[Field, str], aliases: Aliases, most: int) -> Entity:
    mentions = sorted(group.mentions, key=lambda m: (m.field != "headline", m.field, m.start))
    text = _best_form(group.mentions)
    alias = next(
        (a for m in group.mentions if (a := aliases.find(m.text)) and a.label == group.label), None
    )
    name = alias.name if alias is not None else text
    prefix = ID_PREFIXES.get(group.label, group.label.lower())
    titles = Counter(m.title for m in group.mentions if m.title)
    return Entity(
        id=f"{prefix}:{slug(name)}",
        text=text,
        label=group.label,
        mentions=tuple(Mention(start=m.start, end=m.end, field=m.field) for m in mentions),
        title=max(titles, key=lambda t: (t[0].isupper(), titles[t], t)) if titles else None,
        salience=_salience(group.mentions, len(texts.get("body", "")), most),
        name=name if name != text else None,
        kb=alias.kb if alias is not None else None,
    )


def _best_form(mentions: Sequence[Named]) -> str:
    """The longest form, one of the body before one of a headline in capitals."""
    def rank(mention: Named) -> tuple[bool, int, int]:
        shouted = mention.text.isupper() and len(mention.text) > 6
        return (not shouted, len(mention.text), -mention.start)

    return max(mentions, key=rank).text


def _salience(mentions: Sequence[Named], length: int, most: int) -> float:
    """0 to 1: half for how often, three tenths for the headline, the rest for how early."""
    body = [m.start for m in mentions if m.field == "body"]
    early = 1 - min(body) / max(length, 1) if body else 0.0
    headline = any(m.field == "headline" for m in mentions)
    return round(0.5 * len(mentions) / most + 0.3 * headline + 0.2 * early, 3)
