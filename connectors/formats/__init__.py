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


def registry(*formats: Format) -> Mapping[str, Parse]:
    """Returns the parsers by name, with `auto`, which recognises all of them.

    Raises:
        TypeError: two formats have the same name, or one is called "auto".
    """
    found: dict[str, Parse] = {"auto": auto.reader(formats)}
    for each in formats:
        if each.name in found:
            raise TypeError(f"there are two formats of the name {each.name!r}")
        found[each.name] = each
    return found


FORMATS = registry(*KNOWN)

__all__ = ["FORMATS", "KNOWN", "Context", "Format", "Parse", "Parsed", "Skipped", "registry"]
