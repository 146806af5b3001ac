"""The registry of sources: where bytes come from, and the options that each takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from config.feeds import Feed
from config.settings import ConfigError, explain
from connectors.sources.base import Delivery, Source
from connectors.sources.directory import Directory, DirectoryOptions
from connectors.sources.rss import Rss, RssOptions


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source: what to make and the options it checks."""

    options: type[BaseModel]
    make: Callable[[Any], Source]


SOURCES: Mapping[str, Kind] = {
    "directory": Kind(DirectoryOptions, Directory),
    "rss": Kind(RssOptions, Rss),
}


def open_source(feed: Feed, file: str) -> Source:
    """The source of a feed, with its options checked.

    Raises:
        ConfigError: an unknown source or option; names the key and the feeds' file.
    """
    at = f"feeds.{feed.name}"
    if feed.source not in SOURCES:
        known = ", ".join(sorted(SOURCES))
        raise ConfigError(f"{at}.source in {file}: unknown source {feed.source!r} (known: {known})")
    kind = SOURCES[feed.source]
    try:
        options = kind.options.model_validate(feed.options)
    except ValidationError as error:
        keys = (*feed.options, *kind.options.model_fields)
        text = explain(error, {(key,): file for key in keys})
        raise ConfigError(f"{at}.{text}") from None
    return kind.make(options)


__all__ = ["SOURCES", "Delivery", "Kind", "Source", "open_source"]
