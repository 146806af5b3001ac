"""The registry of formats: pure functions from a delivery's bytes to stories."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.formats import newsml12, newsml_g2, nitf, rss, text
from connectors.formats.base import Context, Parse, Parsed, Skipped

FORMATS: Mapping[str, Parse] = {
    "newsml12": newsml12.parse,
    "newsml_g2": newsml_g2.parse,
    "nitf": nitf.parse,
    "rss": rss.parse,
    "text": text.parse,
}

__all__ = ["FORMATS", "Context", "Parse", "Parsed", "Skipped"]
