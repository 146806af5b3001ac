"""News agencies under the one short name that the trade uses for each.

An agency signs itself in many ways ("The Associated Press", "reuters.com", "nprov:dpa"). One table
serves connectors (a story's source and id) and enrichment (an agency's name in its own story is
not an entity).

A story's id begins with its agency, so the names that ids are made of never change: `id_name` knows
the names in `_IN_IDS` alone and keeps any other as it was signed. A name that is added to the table
goes into `_ADDED`; then later versions and kills have the ids of the stories before them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_IN_IDS: Mapping[str, str] = {
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
_ADDED: Mapping[str, str] = {
    "AGERPRES": "agerpres.ro",
    "Anadolu": "anadolu agency|anadolu ajansı|anadolu ajansi|aa.com.tr",
    "Antara": "antara news|antaranews.com",
    "Bernama": "bernama.com|malaysian national news agency",
    "Bloomberg": "bloomberg news|bloomberg.com",
    "BNO": "bno news",
    "BTA": "bulgarian news agency|bta.bg",
    "CNA": "central news agency|中央社",
    "ČTK": "ctk|czech news agency|ctk.cz",
    "HINA": "hina.hr|croatian news agency",
    "IANS": "indo-asian news service|ians.in",
    "Interfax": "interfax.ru|interfax news agency|интерфакс",
    "Jiji": "jiji press|jiji.com|時事|時事通信",
    "KCNA": "korean central news agency",
    "Lusa": "lusa.pt|agência lusa|agencia lusa",
    "MTI": "mti.hu|magyar távirati iroda",
    "Kyodo": "kws|kyodo world service|共同|共同通信",
    "NZPA": "new zealand press association",
    "PA": "pa news agency",
    "PAP": "pap.pl|polska agencja prasowa|polish press agency",
    "Prensa Latina": "prensa-latina.cu",
    "RIA Novosti": "ria.ru|риа новости",
    "TASS": "тасс|итар-тасс",
    "Tanjug": "tanjug.rs|танјуг",
    "PTI": "press trust of india|ptinews.com",
    "Télam": "telam|telam.com.ar",
    "Ukrinform": "ukrinform.net|ukrinform.ua",
    "UPI": "united press international|upi.com",
    "Xinhua": "新华社|新華社",
    "Yonhap": "연합뉴스|yonhap news agency|yonhap news|yonhapnews|yna.co.kr",
}

_UNMISTAKABLE = frozenset(
    (
        "AAP", "AFP", "AGERPRES", "ANSA", "Bernama", "dpa", "EFE", "IANS", "Interfax", "KCNA",
        "Kyodo", "NZPA", "PTI", "Reuters", "Ritzau", "TASS", "Ukrinform", "UPI", "Xinhua", "Yonhap",
    )
)  # fmt: skip
"""What is no word of a place's name or a headline: not ANA, PA or CP, "SANTA ANA - "."""
_ALSO_PERSONS = frozenset(("Bloomberg",))


def _by_name(*tables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: short
        for table in tables
        for short, names in table.items()
        for name in (short.casefold(), *names.split("|"))
    }


_KNOWN_TO_IDS = _by_name(_IN_IDS)
_KNOWN = _by_name(_IN_IDS, _ADDED)
_AS_PRINTED = _UNMISTAKABLE | frozenset(map(str.upper, _UNMISTAKABLE))
_RIGHTS = re.compile(
    r"(?:©|\(c\))?\s*(?:copyright)?\s*(?:\d{4}\s+)?(.*?)(?:\s\d{4})?"
    r"(?:\.?\s*all rights reserved.*)?",
    re.IGNORECASE,
)


def short_name(*signatures: str | None) -> str | None:
    """Returns the short name of the first signature that is not empty; None for none.

    A known agency is preferred to an unknown one that stands before it; an unknown one keeps
    the name that it signs with.
    """
    return _first(signatures, _KNOWN)


def id_name(*signatures: str | None) -> str | None:
    """Returns the name that a story's id begins with: as `short_name`, but it never changes."""
    return _first(signatures, _KNOWN_TO_IDS)


def is_known(name: str | None) -> bool:
    """Returns whether a name is one of a known agency."""
    return (_bare(name) or "").casefold() in _KNOWN


def is_unmistakable(printed: str | None) -> bool:
    """Returns whether a word, in this letter case, is an agency wherever it is printed."""
    return printed in _AS_PRINTED


def in_text() -> str:
    """Returns a regular expression of the names by which a text means an agency.

    Short names count in their letter case, names of several words in any.
    """
    short = {*_IN_IDS, *_ADDED} - _ALSO_PERSONS
    exact = sorted({*short, *map(str.upper, short)}, key=len, reverse=True)
    long = sorted((name for name in _KNOWN if re.search(r"\w[ -]\w", name)), key=len, reverse=True)
    long = [name for name in long if "." not in name]
    return rf"(?:(?i:{'|'.join(map(re.escape, long))})|{'|'.join(map(re.escape, exact))})"


def names(agency: str) -> frozenset[str]:
    """Returns all names of an agency, in lower case; the name alone where it is unknown."""
    short = short_name(agency) or agency
    return frozenset(name for name, owner in _KNOWN.items() if owner == short) | {short.casefold()}


def _first(signatures: tuple[str | None, ...], known: Mapping[str, str]) -> str | None:
    signed = [name for name in map(_bare, signatures) if name]
    found = (known[name.casefold()] for name in signed if name.casefold() in known)
    return next(found, signed[0] if signed else None)


def _bare(signature: str | None) -> str | None:
    """Returns a signature without "Copyright 2020" before and "All rights reserved" behind it."""
    text = " ".join((signature or "")[:200].split())
    match = _RIGHTS.fullmatch(text)
    return (match[1] if match else text).strip(" .,–-") or None
