"""The command line, and newswire as a library: `parse` and `enrich`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline import __version__

if TYPE_CHECKING:
    from newswire.library import enrich, parse

__all__ = ["__version__", "enrich", "parse"]


def __getattr__(name: str) -> Any:
    # Imported when used: `newswire --version` needs neither formats nor models.
    if name in ("enrich", "parse"):
        from newswire import library

        return getattr(library, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
