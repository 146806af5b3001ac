"""News agencies under the one short name that the trade uses for each.

An agency signs itself in many ways ("The Associated Press", "reuters.com", "nprov:dpa"); a
story's id holds the short name, so all of them must come out the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_SIGNATURES: Mapping[str, str] = {
    "AAP": "australian associated press|aap.com.au",
    "AFP": "agence france-presse|agence france presse|afp.com",
    "ANA-MPE": "ana-mpe.gr|ape-mpe|απε-μπε|ana|amna|athens news agency",
    "ANP": "algemeen nederlands persbureau|anp.nl|anp nieuws",
    "ANSA": "ansa.it|agenzia ansa",
    "AP": "the associated press|associated press|ap.org",
    "APA": "austria presse agentur|apa.at",
    "ATS": "sda-ats.ch|www.sda-ats.ch|sda-ats|keystone-ats|sda|keystone-sda",
    "Belga": "belga.be|belga news agency|agence belga|belga news",
    "CP": "the canadian press|canadian press|la presse canadienne|thecanadianpress.com",
    "dpa": "deutsche presse-agentur|deutsche presse-agentur gmbh|dpa.com|dpa.de",
    "EFE": "agencia efe|efe.com|agencia efe s.a.",
    "Kyodo": "kyodonews|kyodonews.jp|kyodo news|kyodo news service|kyodo news international",
    "NTB": "norsk telegrambyrå|norsk telegrambyra|ntb.no|ntb scanpix",
    "PA": "press association|the press association|pa media|pa sport|pa.press.net|pressassociation",
    "Reuters": "reuters.com|thomson reuters|thomsonreuters.com|reuters news|tr",
    "Ritzau": "ritzau.dk|ritzaus bureau|ritzau scanpix|rtz",
    "STT": "stt.fi|stt-lehtikuva|stt lehtikuva|stt-lehtikuva.fi|suomen tietotoimisto",
    "TASS": "itar-tass|tass.com",
    "TT": "tt.se|tt nyhetsbyrån|tidningarnas telegrambyrå",
    "WENN": "wenn feed|wenn newsdesk|wenn.com",
    "Xinhua": "xinhua news agency|xinhuanet.com",
}
_SHORT: Mapping[str, str] = {
    name: short
    for short, names in _SIGNATURES.items()
    for name in (short.casefold(), *names.split("|"))
}
_RIGHTS = re.compile(
    r"(?:©|\(c\))?\s*(?:copyright)?\s*(?:\d{4}\s+)?(.*?)(?:\s\d{4})?"
    r"(?:\.?\s*all rights reserved.*)?",
    re.IGNORECASE,
)


def short_name(*signatures: str | None) -> str | None:
    """The trade's short name of the first signature that is not empty; None for none.

    A known agency is preferred to an unknown one that stands before it; an unknown one keeps
    the name that it signs with.
    """
    sent = [name for name in (_bare(signature) for signature in signatures) if name]
    known = (_SHORT[name.casefold()] for name in sent if name.casefold() in _SHORT)
    return next(known, sent[0] if sent else None)


def _bare(signature: str | None) -> str | None:
    """A signature without "Copyright 2020" before it and "All rights reserved" behind."""
    text = " ".join((signature or "")[:200].split())
    match = _RIGHTS.fullmatch(text)
    return (match[1] if match else text).strip(" .,–-") or None
