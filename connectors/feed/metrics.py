"""The feeds' metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from connectors.feed.health import Health, health
from connectors.feed.loop import FeedLoop
from connectors.sources.base import now

_COUNTERS = {
    "deliveries": "Deliveries read.",
    "stories": "Stories published.",
    "duplicates": "Deliveries and stories that were known already.",
    "skipped": "Parts of deliveries without a story.",
    "dead_letters": "Records written to the dead-letter topic.",
    "full_texts": "Stories whose text was taken from the page that they link to.",
    "full_text_failures": "Stories whose page could not be fetched or has no article.",
    "losses": "Times that the broker was found to have lost acknowledged records.",
    "claims": "Stories that named an agency which the feed does not speak for.",
    "held": "Stories under a restriction that has no end or is not understood.",
}


class FeedMetrics(Collector):
    """Collects the feeds' counts whenever Prometheus requests them."""

    def __init__(self, loops: Sequence[FeedLoop]) -> None:
        self._loops = loops
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the current metrics, by feed."""
        for name, text in _COUNTERS.items():
            counter = CounterMetricFamily(f"newswire_feed_{name}", text, labels=["feed"])
            for loop in self._loops:
                counter.add_metric([loop.feed.name], getattr(loop.counts, name))
            yield counter
        failures = GaugeMetricFamily(
            "newswire_feed_failures", "Failures of the source in a row.", labels=["feed"]
        )
        last = GaugeMetricFamily(
            "newswire_feed_last_story_timestamp_seconds",
            "When the last new story was received.",
            labels=["feed"],
        )
        state = GaugeMetricFamily(
            "newswire_feed_health",
            "1 for the current state of the feed.",
            labels=["feed", "health"],
        )
        for loop in self._loops:
            name, counts = loop.feed.name, loop.counts
            failures.add_metric([name], counts.failures)
            if counts.last_story_at:
                at = datetime.fromisoformat(counts.last_story_at)
                last.add_metric([name], at.timestamp())
            is_now = health(counts, loop.feed, now())
            for each in Health:
                state.add_metric([name, each.value], float(each is is_now))
        yield from (failures, last, state)
