"""Forms that Snowball's rules do not bring together, made regular before they are stemmed.

They are plurals that change more than their last letter ("eleições", "luces", "partis", "women"),
and the English verbs that change their vowel ("struck"). A word that looks like such a form, and is
none, becomes the same in story and query: it still finds itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ENDINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": ((r"(?<=\w{3})(?<!speci)(?<!regi)men$", "man"),),
    "fr": (
        (r"(?<=\w{2})(?<!a)([iu])s$", r"\1"),  # lois, partis, élus, tribus, but not français
        (r"^(\w{1,3})eux$", r"\1eu"),  # feux, lieux, but not heureux
    ),
    "es": (
        (r"(?<=\w)ces$", "z"),  # luces, jueces
        (r"(?<=\w{2})([dlnr])es$", r"\1"),  # ciudades, mujeres
    ),
    "pt": (
        (r"(?<=\w)(?:õe|ãe|ão)s$", "ão"),  # eleições, alemães, cidadãos
        (r"(?<=\w{2})(?:oe|ae|ao)s$", "ao"),  # and without the tilde
        (r"(?<=\w{3})ais$", "al"),
        (r"(?<=\w{3})[ée]is$", "el"),
        (r"(?<=\w{2})([oei])ns$", r"\1m"),  # homens, jardins
        (r"^(\w{1,2}ei)s$", r"\1"),  # leis, reis
    ),
    "sv": ((r"(?<=\w{3})an$", "a"),),  # skolan
    "ru": ((r"(?<=\w)(?<=[^аеёиоуыэюяьй])ц(?:ы|а|у|е|ем|ев|ам|ами|ах)$", "ец"),),  # беженцы
}
"""Endings by language, and what stands for them."""

_IRREGULAR: Mapping[str, str] = {
    "en": """
        men man  women woman  children child  wives wife  knives knife  thieves thief
        wolves wolf  feet foot  teeth tooth  mice mouse  geese goose  crises crisis
        analyses analysis  diagnoses diagnosis  hypotheses hypothesis  oases oasis
        beaten beat  began begin  begun begin  bitten bite  bled bleed  blew blow  blown blow
        bought buy  broke break  broken break  brought bring  built build  burnt burn
        caught catch  chose choose  chosen choose  dealt deal  drawn draw  drew draw
        driven drive  drove drive  dug dig  fell fall  fallen fall  fled flee  flew fly  flown fly
        fought fight  froze freeze  frozen freeze  gave give  given give  grew grow  grown grow
        held hold  hid hide  hidden hide  hung hang  kept keep  lent lend  lost lose  met meet
        overthrew overthrow  overthrown overthrow  paid pay  ran run  ridden ride  rode ride
        sank sink  sent send  shaken shake  shook shake  shot shoot  slain slay  sold sell
        sought seek  spent spend  spoke speak  spoken speak  stole steal  stolen steal
        struck strike  stuck stick  sunk sink  swam swim  swept sweep  swore swear  sworn swear
        taken take  taught teach  threw throw  thrown throw  told tell  took take
        withdrawn withdraw  withdrew withdraw  won win  written write  wrote write
    """,
    "de": "zinsen zins",
    "nl": "steden stad  kinderen kind  doden dode  leden lid  schepen schip",
    "da": "byen by  byer by  mænd mand  maend mand  ministre minister",
    "no": "byen by  byer by  menn mann",
    "sv": "män man  ministrar minister",
}
"""Forms by language, each followed by the one that it is searched as."""


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_FORMS = {language: _pairs(text) for language, text in _IRREGULAR.items()}
_RULES = {
    language: [(re.compile(ending), other) for ending, other in endings]
    for language, endings in _ENDINGS.items()
}


def regular(word: str, language: str) -> str:
    """Return what a word is stemmed as.

    Args:
        word: in lower case, with or without accents.
        language: two letters.
    """
    known = _FORMS.get(language, {}).get(word)
    if known is not None:
        return known
    for ending, other in _RULES.get(language, ()):
        word, changed = ending.subn(other, word)
        if changed:
            break
    return word
