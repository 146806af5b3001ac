"""The registry of formats: pure functions from a delivery's bytes to stories."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.formats import (
    anpa,
    ap_media,
    auto,
    iptc7901,
    mail,
    newsml12,
    newsml_g2,
    ninjs,
    nitf,
    rss,
    text,
)
from connectors.formats.base import Context, Parse, Parsed, Skipped

FORMATS: Mapping[str, Parse] = {
    "anpa1312": anpa.parse,
    "ap_media": ap_media.parse,
    "auto": auto.parse,
    "iptc7901": iptc7901.parse,
    "mail": mail.parse,
    "newsml12": newsml12.parse,
    "newsml_g2": newsml_g2.parse,
    "ninjs": ninjs.parse,
    "nitf": nitf.parse,
    "rss": rss.parse,
    "text": text.parse,
}

__all__ = ["FORMATS", "Context", "Parse", "Parsed", "Skipped"]
