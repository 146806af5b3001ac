"""The registry of sources: where bytes come from, and the options that each takes."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from config.feeds import Feed, feed_variable
from config.settings import explain
from connectors.sources.base import Delivery, Polled, Progress, Refused, Source
from connectors.sources.directory import Directory, DirectoryOptions
from connectors.sources.http import Http, HttpOptions
from connectors.sources.imap import Imap, ImapOptions
from connectors.sources.kafka import Kafka, KafkaOptions
from connectors.sources.rss import Rss, RssOptions
from connectors.sources.webhook import Webhook, WebhookOptions
from pipeline.wire.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source: what to make and the options it checks."""

    options: type[BaseModel]
    make: Callable[[Any], Source]
    pushed: bool = False
    """Whether others come to us: then there is nobody to ask."""


SOURCES: Mapping[str, Kind] = {
    "directory": Kind(DirectoryOptions, Directory),
    "http": Kind(HttpOptions, Http),
    "imap": Kind(ImapOptions, Imap),
    "kafka": Kind(KafkaOptions, Kafka),
    "rss": Kind(RssOptions, Rss),
    "webhook": Kind(WebhookOptions, Webhook, pushed=True),
}


def open_source(feed: Feed, file: str) -> Source:
    """The source of a feed, with its options checked.

    Raises:
        ConfigError: an unknown source or option, or a secret in the file; names the key
            and the feeds' file or the variable.
    """
    at = f"feeds.{feed.name}"
    if feed.source not in SOURCES:
        known = ", ".join(sorted(SOURCES))
        raise ConfigError(f"{at}.source in {file}: unknown source {feed.source!r} (known: {known})")
    kind = SOURCES[feed.source]
    for key in feed.options:
        if key not in feed.from_environment and key in secrets(kind.options):
            raise ConfigError(
                f"{at}.{key} in {file}: a secret belongs in the environment, "
                f"as {feed_variable(feed.name, key)}"
            )
    origin: dict[tuple[str, ...], str] = {
        (key,): file for key in (*feed.options, *kind.options.model_fields)
    }
    for key in feed.from_environment:
        origin[key,] = f"the environment ({feed_variable(feed.name, key)})"
    try:
        options = kind.options.model_validate(feed.options)
    except ValidationError as error:
        raise ConfigError(f"{at}.{explain(error, origin)}") from None
    return kind.make(options)


def secrets(options: type[BaseModel]) -> frozenset[str]:
    """The keys whose values are taken from the environment only."""
    return frozenset(
        name
        for name, info in options.model_fields.items()
        if SecretStr in _members(info.annotation)
    )


def _members(annotation: object) -> tuple[object, ...]:
    if isinstance(annotation, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


__all__ = [
    "SOURCES",
    "Delivery",
    "Kind",
    "Polled",
    "Progress",
    "Refused",
    "Source",
    "open_source",
    "secrets",
]
