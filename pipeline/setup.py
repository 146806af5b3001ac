"""Topics and index made ready: what `newswire setup` does. Idempotent."""

from __future__ import annotations

from config.settings import Settings
from pipeline.index.deadletters import setup_deadletters
from pipeline.index.history import setup_history
from pipeline.index.setup import setup_index
from pipeline.kafka.setup import setup_topics


def setup(settings: Settings) -> list[str]:
    """Create what is missing, and configure topics that are there as the settings say.

    Returns:
        What was done, a line each.

    Raises:
        BrokerUnavailable, IndexUnavailable: not reached.
        SetupError: what is there does not fit.
    """
    return [
        *setup_topics(settings),
        *setup_index(settings.elasticsearch),
        *setup_history(settings.elasticsearch),
        *setup_deadletters(settings.elasticsearch),
    ]
