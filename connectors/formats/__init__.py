"""The registry of formats: pure functions from a delivery's bytes to stories."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.formats.base import Context, Parse, Parsed, Skipped

FORMATS: Mapping[str, Parse] = {}

__all__ = ["FORMATS", "Context", "Parse", "Parsed", "Skipped"]
