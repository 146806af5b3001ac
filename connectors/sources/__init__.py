"""The registry of sources: where bytes come from, and the options that each one has."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping

from pydantic import BaseModel, SecretStr, ValidationError

from config.feeds import COMMON, Feed, feed_variable
from config.settings import explain
from connectors.sources.base import Delivery, Options, Polled, Progress, Refused, Source
from connectors.sources.directory import Directory
from connectors.sources.http import Http
from connectors.sources.imap import Imap
from connectors.sources.kafka import Kafka
from connectors.sources.rss import Rss
from connectors.sources.webhook import Webhook
from pipeline.wire.errors import ConfigError


def registry(*sources: type[Source]) -> Mapping[str, type[Source]]:
    """Return the sources by name.

    Raises:
        TypeError: a source lacks a method, a name, options or an interval, or its name is taken.
    """
    found: dict[str, type[Source]] = {}
    for source in sources:
        lacking = sorted(getattr(source, "__abstractmethods__", ()))
        lacking += [name for name in ("name", "options") if not hasattr(source, name)]
        options = getattr(source, "options", Options)
        if "interval_seconds" not in {*dir(source), *options.model_fields}:
            lacking.append("interval_seconds, as an option or an attribute of the class")
        if lacking or inspect.isabstract(source):
            raise TypeError(f"the source {source.__name__} lacks {', '.join(lacking)}")
        if source.name in found:
            raise TypeError(
                f"the sources {found[source.name].__name__} and {source.__name__} "
                f"have the same name, {source.name!r}"
            )
        found[source.name] = source
    return found


SOURCES = registry(Directory, Http, Imap, Kafka, Rss, Webhook)


def open_source(feed: Feed, file: str) -> Source:
    """Return the source of a feed, with its options checked.

    Raises:
        ConfigError: an unknown source or option, or a secret in the file; names the key
            and the feeds' file or the variable.
    """
    at = f"feeds.{feed.name}"
    if feed.source not in SOURCES:
        known = ", ".join(sorted(SOURCES))
        raise ConfigError(f"{at}.source in {file}: unknown source {feed.source!r} (known: {known})")
    source = SOURCES[feed.source]
    for key in feed.options:
        if key not in feed.from_environment and key in secrets(source.options):
            raise ConfigError(
                f"{at}.{key} in {file}: a secret belongs in the environment, "
                f"as {feed_variable(feed.name, key)}"
            )
    origin: dict[tuple[str, ...], str] = {
        (key,): file for key in (*feed.options, *source.options.model_fields)
    }
    for key in feed.from_environment:
        origin[key,] = f"the environment ({feed_variable(feed.name, key)})"
    try:
        options = source.options.model_validate(feed.options)
    except ValidationError as error:
        keys = (*source.options.model_fields, *COMMON)
        raise ConfigError(explain(error, origin, at, keys)) from None
    return source(options)


def secrets(options: type[BaseModel]) -> frozenset[str]:
    """Return the keys whose values are accepted from the environment only."""
    return frozenset(
        name
        for name, info in options.model_fields.items()
        if SecretStr in _members(info.annotation)
    )


def _members(annotation: object) -> tuple[object, ...]:
    """Return the types of a union, without what annotates them."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return tuple(m for each in typing.get_args(annotation) for m in _members(each))
    if typing.get_origin(annotation) is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    return (annotation,)


__all__ = [
    "SOURCES",
    "Delivery",
    "Options",
    "Polled",
    "Progress",
    "Refused",
    "Source",
    "open_source",
    "registry",
    "secrets",
]
