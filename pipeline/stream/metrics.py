"""The worker's metrics, in Prometheus's terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from pipeline.enrich.pool import NlpPool
from pipeline.stream.agents import counters
from pipeline.stream.progress import Progress
from pipeline.stream.step import Counts


class WorkerMetrics(Collector):
    """Reads what the worker counts anyway, whenever somebody asks."""

    def __init__(
        self,
        counts: Counts,
        pool: NlpPool,
        progress: Progress,
        loop_delay: Callable[[], float],
        kills: Callable[[], int],
        held: Callable[[], int],
    ) -> None:
        self._counts, self._pool, self._progress = counts, pool, progress
        self._loop_delay = loop_delay
        self._kills, self._held = kills, held
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they are now."""
        for name, text in counters().items():
            counter = CounterMetricFamily(f"newswire_{name}", text)
            counter.add_metric([], self._counts[name])
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
            (
                "unresolved_kills",
                "Kills among the dead letters, neither replayed nor dismissed.",
                self._kills(),
            ),
            ("held_stories", "Stories that are held until a person releases them.", self._held()),
        ):
            gauge = GaugeMetricFamily(f"newswire_{name}", text)
            gauge.add_metric([], value)
            yield gauge
