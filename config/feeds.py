"""Feeds: each a table in a TOML file that names a source and a format. No code."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from config.settings import ConfigError, explain, read_toml


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
    captions: bool = False
    """Take a picture's or video's caption as a story."""
    enabled: bool = True
    options: dict[str, Any] = {}

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"not an IANA time zone: {value!r}") from error
        return value


_COMMON = frozenset(Feed.model_fields) - {"name", "options"}


def load_feeds(path: Path) -> dict[str, Feed]:
    """The feeds that a file declares, by name.

    A feed's keys beside the common ones are its source's options; the source checks them
    and names the ones that it does not know.

    Raises:
        ConfigError: names the key and the file.
    """
    table = read_toml(path)
    for key in table:
        if key != "feeds":
            raise ConfigError(f"{key} in {path}: unknown key (feeds stand in [feeds.NAME] tables)")
    feeds = {}
    declared = table.get("feeds", {})
    if not isinstance(declared, dict):
        raise ConfigError(f"feeds in {path}: must be a table of feeds, [feeds.NAME]")
    for name, keys in declared.items():
        if not isinstance(keys, dict):
            raise ConfigError(f"feeds.{name} in {path}: must be a table")
        common = {key: value for key, value in keys.items() if key in _COMMON}
        options = {key: value for key, value in keys.items() if key not in _COMMON}
        try:
            feeds[name] = Feed(name=name, options=options, **common)
        except ValidationError as error:
            text = explain(error, {(key,): str(path) for key in (*common, "name", "source")})
            raise ConfigError(f"feeds.{name}.{text}") from None
    return feeds
