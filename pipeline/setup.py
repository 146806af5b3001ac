"""Topics and index made ready: what `newswire setup` does. Idempotent."""

from __future__ import annotations

from config.settings import Settings
from pipeline.index.deadletters import setup_deadletters
from pipeline.index.events import setup_events
from pipeline.index.history import setup_history
from pipeline.index.kept import setup_desk
from pipeline.index.retention import setup_purges
from pipeline.index.setup import setup_index
from pipeline.kafka.reading import open_reader
from pipeline.kafka.setup import setup_topics
from pipeline.wire.topics import Topics


def setup(settings: Settings) -> list[str]:
    """Create what is missing, and configure topics that are there as the settings say.

    Returns:
        What was done, a line each.

    Raises:
        BrokerUnavailable, IndexUnavailable: not reached.
        SetupError: what is there does not fit.
    """
    topics = setup_topics(settings)
    return [
        *topics,
        *setup_history(settings.elasticsearch),
        *setup_deadletters(settings.elasticsearch),
        *setup_events(settings.elasticsearch, anew=_is_empty(settings)),
        *setup_desk(settings.elasticsearch),
        *setup_purges(settings.elasticsearch),
        # Last, since it refuses an older mapping: everything else is there by then.
        *setup_index(settings.elasticsearch),
    ]


def _is_empty(settings: Settings) -> bool:
    """Return whether nothing was ever written to the topic that events are made from."""
    topic = Topics(settings.topics.prefix).fingerprints
    with open_reader(settings.kafka) as reader:
        return all(span.stop == 0 for span in reader.spans([topic]).values())
