"""Feeds: each a table in a TOML file that names a source and a format. No code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from config.settings import PREFIX, explain, read_toml
from pipeline.wire.errors import ConfigError

ENVIRONMENT = f"{PREFIX}FEED__"
"""A feed's keys in the environment: NEWSWIRE_FEED__<NAME>__<KEY>, "-" in the name as "_"."""


class Feed(BaseModel):
    """What every feed has, whatever its source. `options` is the source's own business."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    source: str
    """Where bytes come from: a name in `connectors.sources.SOURCES`."""
    format: str = "auto"
    """What they mean: a name in `connectors.formats.FORMATS`."""
    agency: str | None = None
    """The source of stories whose wire does not name one."""
    timezone: str = "UTC"
    """Zone of times that come without one."""
    language: str | None = None
    backfill: bool = False
    """Take the lane behind live stories: for a feed of the past."""
    captions: bool = False
    """Take a picture's or video's caption as a story."""
    enabled: bool = True
    silent_after_seconds: float | None = Field(default=None, gt=0)
    """A feed without a new story for so long is reported as silent."""
    dead_after_failures: int = Field(default=5, ge=1)
    """A source that failed so often in a row is reported as dead and asked rarely."""
    dead_retry_seconds: float = Field(default=300.0, gt=0)
    """How rarely."""
    options: dict[str, Any] = {}
    from_environment: frozenset[str] = frozenset()
    """Which of the options came from the environment, where secrets must come from."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"not an IANA time zone: {value!r}") from error
        return value


_COMMON = frozenset(Feed.model_fields) - {"name", "options", "from_environment"}


def load_feeds(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Feed]:
    """The feeds that a file declares, by name, with their keys from the environment.

    A feed's keys beside the common ones are its source's options; the source checks them
    and names the ones that it does not know.

    Raises:
        ConfigError: names the key and the file or variable.
    """
    table = read_toml(path)
    for key in table:
        if key != "feeds":
            raise ConfigError(f"{key} in {path}: unknown key (feeds stand in [feeds.NAME] tables)")
    declared = table.get("feeds", {})
    if not isinstance(declared, dict):
        raise ConfigError(f"feeds in {path}: must be a table of feeds, [feeds.NAME]")
    for name, keys in declared.items():
        if not isinstance(keys, dict):
            raise ConfigError(f"feeds.{name} in {path}: must be a table")
    given = _from_environment(list(declared), environ, path)
    return {name: _feed(name, keys, given.get(name, {}), path) for name, keys in declared.items()}


def feed_variable(feed: str, key: str) -> str:
    """The environment variable of a feed's key: NEWSWIRE_FEED__AP_NEWS__API_KEY."""
    return f"{ENVIRONMENT}{_spelt(feed)}__{key.upper()}"


def _spelt(feed: str) -> str:
    return feed.upper().replace("-", "_")  # no shell can set a variable with "-" in it


def _from_environment(
    feeds: list[str], environ: Mapping[str, str], path: Path
) -> dict[str, dict[str, str]]:
    spelt: dict[str, str] = {}
    for feed in feeds:
        if (other := spelt.setdefault(_spelt(feed), feed)) != feed:
            raise ConfigError(
                f"feeds.{feed} in {path}: can't be told from feeds.{other} in the environment"
            )
    given: dict[str, dict[str, str]] = {}
    for variable, value in environ.items():
        if not variable.startswith(ENVIRONMENT):
            continue
        name, parted, key = variable.removeprefix(ENVIRONMENT).partition("__")
        if name not in spelt or not parted or not key:
            known = ", ".join(feeds) or "none"
            raise ConfigError(
                f"{variable} in the environment: no such feed in {path} (declared: {known}); "
                f"spelt {ENVIRONMENT}<NAME>__<KEY>"
            )
        given.setdefault(spelt[name], {})[key.lower()] = value
    return given


def _feed(name: str, keys: Mapping[str, Any], given: Mapping[str, str], path: Path) -> Feed:
    origin: dict[tuple[str, ...], str] = {(key,): str(path) for key in (*keys, "name", "source")}
    origin |= {(key,): f"the environment ({feed_variable(name, key)})" for key in given}
    values = {**keys, **given}
    try:
        return Feed(
            name=name,
            options={key: value for key, value in values.items() if key not in _COMMON},
            from_environment=frozenset(given) - _COMMON,
            **{key: value for key, value in values.items() if key in _COMMON},
        )
    except ValidationError as error:
        raise ConfigError(f"feeds.{name}.{explain(error, origin)}") from None
