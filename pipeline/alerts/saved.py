"""Saved searches: the alerts as declared, each with its search and its destinations, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from config.alerts import Alert, load_alerts
from config.settings import Settings
from pipeline.alerts.channels import CHANNELS
from pipeline.search.request import SearchRequest
from pipeline.search.trending import Window
from pipeline.search.visible import ANYBODY, Viewer
from pipeline.wire.errors import ConfigError

ABOUT_THE_LIST = frozenset({"size", "sort", "facets", "collapse"})
"""Keys of a search that an alert has no use for."""

BREAKING = "breaking"
"""In an alert's table: a window, for an alert on what grows instead of on stories."""
LIFTED = "lifted"
"""In an alert's table: true restricts it to embargoed stories, when their embargo ends."""


@dataclass(frozen=True, slots=True)
class Saved:
    """An alert that is checked."""

    alert: Alert
    request: SearchRequest
    destinations: tuple[str, ...]
    """The keys of the channels that its matches go to."""
    viewer: Viewer = ANYBODY
    """Who may see what it sends."""
    title: str = ""
    """What messages call it; the alert's name if it is empty."""
    brief: bool = False
    """Whether it sends headline and link alone, of feeds that do not permit text."""
    minutes: int = 0
    """Minutes between two messages, each of several stories; 0 sends each at once."""
    lifted: bool = False
    """True for an alert on embargoes that have just ended, and nothing else."""
    breaking: Window | None = None
    """For an alert on what grows among what the search finds, and not on stories: over which
    time it is counted."""


def saved_searches(settings: Settings, environ: Mapping[str, str] = os.environ) -> list[Saved]:
    """Return the declared alerts with their searches.

    Raises:
        ConfigError: names the key and the file.
    """
    file = settings.alerts.file
    return [saved(alert, str(file)) for alert in load_alerts(file, environ).values()]


def saved(alert: Alert, file: str) -> Saved:
    """Return an alert with its search, checked.

    Raises:
        ConfigError: names the key and the file.
    """
    channels = {channel.key: channel for channel in CHANNELS}
    used = tuple(key for key in channels if alert.keys.get(key))
    if not used:
        raise ConfigError(
            f"alerts.{alert.name} in {file}: has no destination: set {' or '.join(channels)}"
        )
    for key in used:
        try:
            channels[key].check(alert, alert.keys[key])
        except ValueError as error:
            raise ConfigError(f"alerts.{alert.name}.{key} in {file}: {error}") from None
    search = {key: value for key, value in alert.keys.items() if key not in channels}
    lifted = search.pop(LIFTED, False)
    if not isinstance(lifted, bool):
        raise ConfigError(f"alerts.{alert.name}.{LIFTED} in {file}: must be true or false")
    breaking = search.pop(BREAKING, None)
    if breaking is not None and breaking not in list(Window):
        known = ", ".join(Window)
        raise ConfigError(f"alerts.{alert.name}.{BREAKING} in {file}: must be one of {known}")
    if lifted and breaking:
        raise ConfigError(f"alerts.{alert.name} in {file}: has both {LIFTED} and {BREAKING}")
    if unfit := ABOUT_THE_LIST & search.keys():
        raise ConfigError(f"alerts.{alert.name}.{min(unfit)} in {file}: unknown key")
    try:
        return Saved(
            alert,
            SearchRequest(**search),
            used,
            lifted=lifted,
            breaking=Window(breaking) if breaking else None,
        )
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"]) or "search"
        what = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"]
        raise ConfigError(f"alerts.{alert.name}.{name} in {file}: {what}") from None
