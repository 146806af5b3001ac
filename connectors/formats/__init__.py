"""The registry of formats: pure functions from a delivery's bytes to stories."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.formats import rss, text
from connectors.formats.base import Context, Parse, Parsed, Skipped

FORMATS: Mapping[str, Parse] = {
    "rss": rss.parse,
    "text": text.parse,
}

__all__ = ["FORMATS", "Context", "Parse", "Parsed", "Skipped"]
