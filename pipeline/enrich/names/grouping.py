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

from pipeline.enrich.folding import fold
from pipeline.enrich.lexicon import cues, given_names
from pipeline.enrich.mentions import Field, Named
from pipeline.enrich.names.agreement import initials
from pipeline.enrich.names.aliases import Alias, Aliases
from pipeline.enrich.names.offices import Country, Office, offices, read
from pipeline.wire.enriched import Entity, Mention
from pipeline.wire.labels import Label

Words = tuple[str, ...]
Spot = tuple[Field, int, int]
"""Where a mention stands: field, start and end."""

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_NICKNAME = re.compile(r" (?:``.*?''|“.*?”|\".*?\"|‘.*?’|'.*?')(?= )")
LONGEST = 12
"""Words of the longest short form."""
MOST_NAMESAKES = 200
"""People of one name who are distinguished in one story; the rest of a list are not compared."""


_INTRODUCES = re.compile(r" \($|, (?:\w+ )?known (?:as|by \w+(?: \w+)? initials) $")


@dataclass(slots=True)
class _Group:
    label: str
    mentions: list[Named] = field(default_factory=list)
    words: Words = ()
    sex: str | None = None
    office: Office | None = None


def group(
    named: Sequence[Named],
    texts: Mapping[Field, str],
    aliases: Aliases,
    places: Mapping[Spot, int] | None = None,
    country: Country = lambda name: None,
) -> tuple[Entity, ...]:
    """Returns the entities of a story in the order of their first mention.

    Args:
        named: its mentions.
        texts: its texts by field.
        aliases: names that mean one thing in every story.
        places: by mention, the GeoNames id of the place that it is; equal ones are one entity.
        country: what country a name, an adjective or a capital stands for.
    """
    by_label: dict[str, list[Named]] = defaultdict(list)
    for mention in named:
        by_label[mention.label].append(mention)
    groups: list[_Group] = []
    for label, mentions in by_label.items():
        if label == Label.PERSON:
            groups += _people(mentions, aliases)
        else:
            groups += _things(label, mentions, texts, aliases, places or {}, country)
    order = {mention: i for i, mention in enumerate(named)}
    groups.sort(key=lambda g: min(order[m] for m in g.mentions))
    most = max((len(g.mentions) for g in groups), default=1)
    return tuple(_entity(g, texts, aliases, places or {}, most, country) for g in groups)


def slug(name: str) -> str:
    """Returns a name as the part of an id: "Kim Jong Un" is "kim-jong-un"."""
    return re.sub(r"[^\w]+", "-", fold(name)).strip("-") or "-"


def _people(mentions: Sequence[Named], aliases: Aliases) -> list[_Group]:
    """Returns the people: by full names first, then by the bare surnames and given names left."""
    in_order = sorted(mentions, key=lambda m: (m.field != "body", m.start))
    people = _full_names({_person_words(m.text) for m in mentions})
    canonical: dict[str, _Group] = {}
    first: dict[int, int] = {}
    later: list[tuple[int, Named]] = []
    for i, mention in enumerate(in_order):
        person = people.get(_person_words(mention.text))
        if person is None:
            later.append((i, mention))
            continue
        person.mentions.append(mention)
        person.sex = person.sex or mention.sex
        first.setdefault(id(person), i)
        alias = aliases.find(mention.text)
        if alias is not None:
            canonical.setdefault(alias.name, person)
    groups = list({id(p): p for p in people.values()}.values())
    bearers: dict[str, list[_Group]] = defaultdict(list)
    for person in groups:
        for word in dict.fromkeys(person.words):
            bearers[word].append(person)
    for i, mention in later:
        words = _person_words(mention.text)
        alias = aliases.find(mention.text)
        bearer = canonical.get(alias.name) if alias is not None else None
        if bearer is None:
            bearer = _bearer(words, mention, i, bearers[words[0]], first)
        if bearer is None:
            bearer = _Group(Label.PERSON, words=words)
            groups.append(bearer)
            bearers[words[0]].append(bearer)
            first[id(bearer)] = i
            if alias is not None:
                canonical[alias.name] = bearer
        bearer.mentions.append(mention)
        bearer.sex = bearer.sex or mention.sex
    return groups


def _full_names(forms: Iterable[Words]) -> dict[Words, _Group]:
    """Returns a person for each name of several words; two forms of one name have the same."""
    people: dict[Words, _Group] = {}
    bearers: dict[str, list[_Group]] = defaultdict(list)
    for words in sorted((w for w in forms if len(w) > 1), key=lambda w: (-len(w), w)):
        near = {id(p): p for word in words for p in bearers[word]}.values()
        same = [p for p in near if _same_person(words, p.words)]
        if len(same) == 1:
            people[words] = same[0]
            continue
        people[words] = person = _Group(Label.PERSON, words=words)
        for word in dict.fromkeys(words):
            if len(bearers[word]) < MOST_NAMESAKES:
                bearers[word].append(person)
    return people


def _person_words(text: str) -> Words:
    words = [w for w in fold(_NICKNAME.sub("", text)).split() if w not in _SUFFIXES]
    return tuple(words) or (fold(text),)


def _same_person(short: Words, long: Words) -> bool:
    """Returns whether a name of several words is another form of a longer one."""
    if short in (long[-len(short) :], long[: len(short)]):
        return True
    if short[-1] != long[-1]:
        return False
    initial = min(len(short[0]), len(long[0])) == 1 and short[0][0] == long[0][0]
    return initial or short[0] == long[0]


def _bearer(
    words: Words, mention: Named, at: int, people: Sequence[_Group], first: Mapping[int, int]
) -> _Group | None:
    """Returns the person whom a single name stands for, of those who have it in theirs.

    A surname goes before a given name, a person of the right sex before others, one who was
    named before this mention over one who is named later, and among those the first.
    """

    def order(person: _Group) -> tuple[bool, bool, bool, bool, int]:
        named_at = first[id(person)]
        given = (
            len(person.words) > 1
            and person.words[0] == words[0]
            # Where the first word is no given name, the family name comes first: Kim Jong Un.
            and words[0] in given_names()
            and words[0] not in person.words[1:]
        )
        wrong = bool(mention.sex and person.sex and mention.sex != person.sex)
        right = bool(mention.sex and mention.sex == person.sex)
        return given, wrong, not right, named_at >= at, named_at

    return min(people, key=order, default=None)


def _things(
    label: str,
    mentions: Sequence[Named],
    texts: Mapping[Field, str],
    aliases: Aliases,
    places: Mapping[Spot, int],
    country: Country,
) -> list[_Group]:
    """Returns all groups but people: forms of one name, its initials and its short forms."""
    forms: dict[Words, list[Named]] = defaultdict(list)
    in_order = sorted(mentions, key=lambda m: (m.field != "body", m.start))
    bodies = offices(in_order, texts, aliases, country) if label == Label.ORG else {}
    owned: dict[Words, Office] = {}
    for mention in in_order:
        words = _thing_words(mention.text, label)
        office = bodies.get(mention)
        if office is not None and office.country is not None:
            words = (office.country, *office.words)
            owned[words] = office
        forms[words].append(mention)
    union = _Union(forms)
    introduced = _introduced(forms, texts)
    for short, long in introduced.items():
        union.join(short, long)
    by_name: dict[Hashable, Words] = {}
    for words, found in forms.items():
        if words not in introduced:
            alias = aliases.find(found[0].text)
            if alias is not None and alias.label == label and words not in owned:
                union.join(by_name.setdefault(("alias", alias.name), words), words)
        if label in (Label.GPE, Label.LOC, Label.NORP):
            for mention in found:
                place = places.get((mention.field, mention.start, mention.end))
                if place is not None:
                    union.join(by_name.setdefault(("place", place), words), words)
    if label not in (Label.GPE, Label.NORP):
        longer = _Longer(label, forms)
        for words, found in forms.items():
            whole = longer.of(words, found[0].text)
            if whole is not None and words not in introduced:
                union.join(whole, words)
    return [
        _Group(
            label,
            [m for words in members for m in forms[words]],
            office=next((owned[words] for words in members if words in owned), None),
        )
        for members in union.sets()
    ]


def _thing_words(text: str, label: str) -> Words:
    words = fold(text).split()
    if label == Label.ORG:
        while len(words) > 1 and words[-1] in cues().company_suffixes:
            words.pop()
    if label == Label.FAC and words[0] == "interstate":
        words[0] = "i"  # "I-95"
    if label == Label.NORP and len(words[-1]) > 3:
        words[-1] = words[-1].removesuffix("s")
    return tuple(words)


def _introduced(
    forms: Mapping[Words, Sequence[Named]], texts: Mapping[Field, str]
) -> dict[Words, Words]:
    """Returns the full names of short forms that a story introduces.

    "... Agency (IAEA)", "... Security, known as JOGMEC".
    """
    ending = {(m.field, m.end): words for words, found in forms.items() for m in found}
    result = {}
    for words, found in forms.items():
        for mention in found:
            before = texts[mention.field][max(0, mention.start - 40) : mention.start]
            match = _INTRODUCES.search(before)
            if match:
                long = ending.get((mention.field, mention.start - len(match[0])))
                if long is not None and long != words:
                    result[words] = long
    return result


class _Longer:
    """Finds the first longer name that a name is short for, by the ways to shorten one."""

    def __init__(self, label: str, forms: Mapping[Words, Sequence[Named]]) -> None:
        self._label = label
        self._beginning: dict[Words, Words] = {}
        self._ending: dict[Words, list[Words]] = {}
        self._initials: dict[str, Words] = {}
        for long, found in forms.items():
            for n in range(1, min(len(long), LONGEST)):
                if label != Label.EVENT and (label != Label.ORG or long[-1] not in cues().bodies):
                    self._beginning.setdefault(long[:n], long)
                self._ending.setdefault(long[-n:], []).append(long)
            whole = fold(found[0].text)  # with "Corporation", of which initials count
            if " " in whole:
                for letters in sorted(initials(whole)):
                    self._initials.setdefault(letters, long)

    def of(self, words: Words, text: str) -> Words | None:
        """Returns the longer name that a name is short for, or None if there is none."""
        if len(words) == 1 and len(words[0]) > 1 and text.replace(".", "").isupper():
            # Initials are never short for a name that only begins with them.
            return self._initials.get(words[0])
        if len(words) == 1 and self._label in (Label.WORK_OF_ART, Label.LAW):
            return None
        endings = self._ending.get(words, [])
        if self._label == Label.ORG and words[-1] in cues().organisations and len(endings) != 1:
            endings = []  # "the Commission" of two commissions
        return self._beginning.get(words) or next(iter(endings), None)


class _Union:
    """Forms joined into sets; the first form of a set names it."""

    def __init__(self, forms: Iterable[Words]) -> None:
        self._parent = {form: form for form in forms}

    def join(self, one: Words, other: Words) -> None:
        a, b = self._root(one), self._root(other)
        if a != b:
            self._parent[b] = a

    def sets(self) -> list[list[Words]]:
        sets: dict[Words, list[Words]] = defaultdict(list)
        for form in self._parent:
            sets[self._root(form)].append(form)
        return list(sets.values())

    def _root(self, form: Words) -> Words:
        while self._parent[form] != form:
            form = self._parent[form]
        return form


def _entity(
    group: _Group,
    texts: Mapping[Field, str],
    aliases: Aliases,
    places: Mapping[Spot, int],
    most: int,
    country: Country,
) -> Entity:
    mentions = sorted(group.mentions, key=lambda m: (m.field != "headline", m.field, m.start))
    text = _best_form(group.mentions)
    alias = _alias(group, text, aliases)
    if alias is not None and group.office is not None:
        alias = alias if _owns(group.office, aliases.forms(alias.name), country) else None
    name = alias.name if alias is not None else text
    called = _NICKNAME.sub("", name) if group.label == Label.PERSON else name
    if alias is None and group.office is not None:
        called = " ".join((group.office.country or "", *group.office.words))
        whose = read(text, country)
        if whose is None or whose.country is None:
            name = f"{text} ({group.office.country})"
    prefix = Label[group.label].prefix
    kb = alias.kb if alias is not None else None
    if kb is None and group.label in (Label.GPE, Label.LOC):
        spots = ((m.field, m.start, m.end) for m in mentions)
        place = next((places[spot] for spot in spots if spot in places), -1)
        kb = f"geonames:{place}" if place > 0 else None  # newswire's own places have no entry
    titles = Counter(m.title for m in group.mentions if m.title)
    return Entity(
        id=f"{prefix}:{slug(called)}",
        text=text,
        label=group.label,
        mentions=tuple(Mention(start=m.start, end=m.end, field=m.field) for m in mentions),
        title=max(titles, key=lambda t: (t[0].isupper(), titles[t], t)) if titles else None,
        salience=_salience(group.mentions, len(texts.get("body", "")), most),
        name=name if name != text else None,
        kb=kb,
    )


def _alias(group: _Group, text: str, aliases: Aliases) -> Alias | None:
    """Returns what the table knows a group as, by its best form, else by another.

    Initials that the table knows for another name do not count: "ECB" after "England and Wales
    Cricket Board".
    """
    for form in dict.fromkeys([text, *(m.text for m in group.mentions)]):
        alias = aliases.find(form)
        if alias is None or alias.label != group.label:
            continue
        if form in (text, alias.name) or not form.isupper():
            return alias
    return None


def _owns(office: Office, forms: Iterable[str], country: Country) -> bool:
    """Returns whether one of a body's names says that it is an office's country's."""
    named = (read(form, country) for form in forms)
    return any(body is not None and body.country == office.country for body in named)


def _best_form(mentions: Sequence[Named]) -> str:
    """Returns the longest form, preferring one of the body to one of a headline in capitals."""

    def rank(mention: Named) -> tuple[bool, int, int]:
        shouted = mention.text.isupper() and len(mention.text) > 6
        return (not shouted, len(mention.text), -mention.start)

    return max(mentions, key=rank).text


def _salience(mentions: Sequence[Named], length: int, most: int) -> float:
    """Returns the salience of an entity, 0 to 1.

    Half is for how often it is named, three tenths for the headline, the rest for how early.
    """
    body = [m.start for m in mentions if m.field == "body"]
    early = 1 - min(body) / max(length, 1) if body else 0.0
    headline = any(m.field == "headline" for m in mentions)
    return round(0.5 * len(mentions) / most + 0.3 * headline + 0.2 * early, 3)
