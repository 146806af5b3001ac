"""Saved searches: the alerts as declared, each with its search."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from config.alerts import Alert, load_alerts
from config.settings import Settings
from pipeline.search.request import SearchRequest
from pipeline.wire.errors import ConfigError

ABOUT_THE_LIST = frozenset({"size", "sort", "facets", "collapse"})
"""Of a search, what an alert has no use for."""


def saved_searches(settings: Settings) -> list[Saved]:
    """The declared alerts with their searches.

    Raises:
        ConfigError: names the key and the file.
    """
    file = settings.alerts.file
    return [saved(alert, str(file)) for alert in load_alerts(file).values()]


def saved(alert: Alert, file: str) -> Saved:
    """An alert with its search, checked.

    Raises:
        ConfigError: names the key and the file.
    """
    at = f"alerts.{alert.name}"
    if unfit := ABOUT_THE_LIST & alert.search.keys():
        raise ConfigError(f"{at}.{min(unfit)} in {file}: unknown key")
    try:
        return Saved(alert, SearchRequest(**alert.search))
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"]) or "search"
        what = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"]
        raise ConfigError(f"{at}.{name} in {file}: {what}") from None


@dataclass(frozen=True, slots=True)
class Saved:
    """An alert with its search, checked."""

    alert: Alert
    request: SearchRequest

    @property
    def destinations(self) -> tuple[str, ...]:
        """Where its matches go."""
        return ("webhook",) * bool(self.alert.webhook) + ("topic",) * self.alert.topic
