"""Whose a national body is: "Russian Defense Ministry", "Supreme Court of India".

Every country has a defense ministry. The text says whose one is: by an adjective or a possessive
before the name, by "of" and the country, or by the capital that it is in. Without any of these
it is the one that the story has named before, or that of the country where the story was filed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pipeline.enrich.folding import fold
from pipeline.enrich.lexicon import cues
from pipeline.enrich.mentions import Field, Named
from pipeline.enrich.names.aliases import Aliases
from pipeline.wire import dateline

Country = Callable[[str], str | None]
"""Returns the name of the country that a name, an adjective or a capital stands for."""

_LONGEST = 4
"""Words of the longest name of a country."""
_POSSESSIVE = re.compile(r"((?:[^\W\d_][\w.’'-]* ){0,3}[^\W\d_][\w.-]*)['’]s? $")
_ADJECTIVE = re.compile(r"((?:[^\W\d_][\w.-]* ){0,3}[^\W\d_][\w.-]*) $")
_BEHIND = re.compile(r" (?:of|in) (?:the )?([A-Z][\w.-]*(?: (?:and |the |of )?[A-Z][\w.-]*){0,3})")
_SPELLING = {"defence": "defense", "centre": "center", "labour": "labor"}
_AFFAIRS = {"foreign": "foreign", "external": "foreign", "internal": "interior", "home": "home"}
"""What a ministry of affairs is called without the word: "Ministry of Foreign Affairs"."""


class Office(NamedTuple):
    """A body that every country has one of."""

    words: tuple[str, ...]
    """What it is called in all of them: ("defense", "ministry")."""
    country: str | None
    """Whose it is, where the text says so."""


def offices(
    mentions: Sequence[Named], texts: Mapping[Field, str], aliases: Aliases, country: Country
) -> dict[Named, Office]:
    """Returns the national bodies among a story's organisations, each with its country.

    Args:
        mentions: in the order of reading.
        aliases: what a name means without a country: "Senate" is the American one.
    """
    found: dict[Named, Office] = {}
    for mention in mentions:
        office = read(mention.text, country)
        if office is not None and office.country is None:
            office = Office(office.words, _owner_beside(mention, texts[mention.field], country))
        if office is not None:
            found[mention] = office
    owners: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    order = list(found)
    filed = _filed(texts, country) if found else None
    for i, mention in enumerate(order):
        words, owner = found[mention]
        if owner is not None:
            owners[words].append((i, owner))
    for i, mention in enumerate(order):
        office = found[mention]
        if office.country is not None:
            continue
        before = [owner for at, owner in owners[office.words] if at < i]
        if before:
            found[mention] = office._replace(country=before[-1])
        elif filed is not None and aliases.find(mention.text) is None:
            found[mention] = office._replace(country=filed)
            owners[office.words].insert(0, (i, filed))
        elif owners[office.words]:
            found[mention] = office._replace(country=owners[office.words][0][1])
    return found


def _filed(texts: Mapping[Field, str], country: Country) -> str | None:
    """Returns the country of a story's dateline, if that is a capital or names the country."""
    printed = dateline.printed_in(texts.get("body", ""))
    place = texts.get("dateline") or (printed.dateline.place if printed else None) or ""
    parts = (part.strip(" ()") for part in reversed(place.split(",")))
    return next((owner for part in parts if (owner := country(part))), None)


def read(name: str, country: Country) -> Office | None:
    """Returns the national body that a name names, whose if it says so; None for another name."""
    words = name.split()
    for n in range(min(_LONGEST, len(words) - 1), 0, -1):
        owner = country(" ".join(words[:n]).removesuffix("'s").removesuffix("’s"))
        if owner is not None and (plain := _plain(words[n:])):
            return Office(plain, owner)
    for n in range(min(_LONGEST, len(words) - 2), 0, -1):
        head = words[:-n]
        if head[-1].lower() == "the":
            head.pop()
        if head and head[-1].lower() == "of" and (owner := country(" ".join(words[-n:]))):
            plain = _plain(head[:-1])
            return Office(plain, owner) if plain else None
    plain = _plain(words)
    return Office(plain, None) if plain else None


def _plain(words: Sequence[str]) -> tuple[str, ...]:
    """Returns the words of a national body in one order and spelling; nothing for another name."""
    folded = [_SPELLING.get(w, w) for w in (fold(word) for word in words)]
    if len(folded) > 2 and folded[0] in ("ministry", "department") and folded[1] in ("of", "for"):
        folded = [*(w for w in folded[2:] if w != "the"), folded[0]]
    if len(folded) == 3 and folded[1] == "affairs" and folded[0] in _AFFAIRS:
        folded = [_AFFAIRS[folded[0]], folded[2]]
    if not folded or not {folded[-1], "_".join(folded[-2:]), "_".join(folded[:3])} & cues().offices:
        return ()
    return tuple(folded)


def _owner_beside(mention: Named, text: str, country: Country) -> str | None:
    """Returns the country that the words around a mention give it to."""
    before = text[max(0, mention.start - 60) : mention.start]
    for pattern in (_POSSESSIVE, _ADJECTIVE):
        match = pattern.search(before)
        if match is not None:
            words = match[1].split()
            for n in range(min(_LONGEST, len(words)), 0, -1):
                if words[-n][0].isupper() and (owner := country(" ".join(words[-n:]))):
                    return owner
    behind = _BEHIND.match(text, mention.end)
    if behind is not None:
        words = behind[1].split()
        for n in range(len(words), 0, -1):
            if owner := country(" ".join(words[:n])):
                return owner
    return None
