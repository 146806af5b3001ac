"""What `newswire run` starts for Kafka and Elasticsearch: the embedded engine or real servers."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from config.settings import Settings


class Kind(StrEnum):
    """Which servers `run` uses."""

    EMBEDDED = "embedded"
    """One small process that speaks both protocols."""
    REAL = "real"
    """Kafka and Elasticsearch, fetched by Maven and started here."""
    CONFIGURED = "configured"
    """Those of the settings; none is started."""


class Engine(Protocol):
    """Servers on this machine with their data in a folder."""

    @property
    def brokers(self) -> tuple[str, ...]:
        """Returns the addresses of Kafka."""

    @property
    def elasticsearch(self) -> tuple[str, ...]:
        """Returns the addresses of Elasticsearch."""

    @property
    def running(self) -> bool:
        """Returns whether they run."""

    def start(self) -> None:
        """Start them on their data, and wait until they answer.

        Raises:
            SetupError: they do not start, or something that they need is missing.
        """

    def stop(self) -> None:
        """Stop them, if they run."""


def kind_of(settings: Settings) -> Kind:
    """Returns the kind that the settings ask for."""
    return Kind.EMBEDDED if settings.embedded.enabled else Kind.CONFIGURED


def make(kind: Kind, settings: Settings) -> Engine | None:
    """Returns an engine that is not started yet; None where the configured servers are used."""
    if kind is Kind.EMBEDDED:
        from newswire.embedded import Embedded

        return Embedded(settings.embedded, settings.data_dir)
    if kind is Kind.REAL:
        from newswire.real import Real  # with Maven and Java, which nothing else needs

        return Real(settings.data_dir)
    return None
