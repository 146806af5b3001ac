"""The worker's metrics, in Prometheus's terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from pipeline.enrich.pool import NlpPool
from pipeline.stream.counts import Counts
from pipeline.stream.progress import Progress

_HELP = {
    "received": "Records taken from the stories topics.",
    "enriched": "Stories written to the enriched topic.",
    "stale": "Older or equal versions, not enriched or refused by the index.",
    "indexed": "Documents indexed.",
    "withdrawn": "Kills and withdrawals taken.",
    "dead_letters": "Records written to the dead-letter topic.",
    "restored": "Newest versions written again after a late older one.",
}


class WorkerMetrics(Collector):
    """Reads what the worker counts anyway, whenever somebody asks."""

    def __init__(
        self, counts: Counts, pool: NlpPool, progress: Progress, loop_delay: Callable[[], float]
    ) -> None:
        self._counts, self._pool, self._progress = counts, pool, progress
        self._loop_delay = loop_delay
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        for field in fields(self._counts):
            counter = CounterMetricFamily(f"newswire_{field.name}", _HELP[field.name])
            counter.add_metric([], getattr(self._counts, field.name))
            yield counter
        restarts = CounterMetricFamily("newswire_nlp_restarts", "NLP processes replaced.")
        restarts.add_metric([], self._pool.restarts)
        yield restarts
        lag = GaugeMetricFamily(
            "newswire_lag", "Records to be taken.", labels=["topic", "partition"]
        )
        for (topic, partition), end in self._progress.ends.items():
            committed = self._progress.committed.get((topic, partition), 0)
            lag.add_metric([topic, str(partition)], max(0, end - committed))
        yield lag
        for name, text, value in (
            ("nlp_waiting", "Batches that wait for an NLP process.", self._pool.waiting),
            (
                "stalled_seconds",
                "Lag without progress for so long.",
                self._progress.stalled_seconds,
            ),
            ("event_loop_delay_seconds", "How late the event loop is.", self._loop_delay()),
        ):
            gauge = GaugeMetricFamily(f"newswire_{name}", text)
            gauge.add_metric([], value)
            yield gauge
