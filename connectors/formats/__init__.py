"""The formats: pure functions from a delivery's bytes to stories.

A format is declared in its own file and listed here; see docs/formats.md, "A format of your own".
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.formats import (
    anpa,
    ap_media,
    auto,
    iptc7901,
    jsonfeed,
    mail,
    mapped,
    newsarticle,
    newsml12,
    newsml_g2,
    ninjs,
    nitf,
    rss,
    sitemap,
    text,
)
from connectors.formats.base import Context, Format, Parse, Parsed, Skipped

KNOWN: tuple[Format, ...] = (
    anpa.FORMAT,
    iptc7901.FORMAT,
    ap_media.FORMAT,
    jsonfeed.FORMAT,
    newsarticle.FORMAT,
    ninjs.FORMAT,
    nitf.FORMAT,
    newsml12.FORMAT,
    newsml_g2.FORMAT,
    rss.FORMAT,
    sitemap.FORMAT,
    mail.FORMAT,
    mapped.FORMAT,
    text.FORMAT,
)
"""In the order in which `auto` asks them: the first that recognises a delivery reads it."""

FORMATS: Mapping[str, Parse] = {
    **{each.name: each for each in KNOWN},
    "auto": auto.reader(KNOWN),
}

__all__ = ["FORMATS", "KNOWN", "Context", "Format", "Parse", "Parsed", "Skipped"]
