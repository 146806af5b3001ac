"""Metrics of the alerts process."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pipeline.alerts.matching import Matching
from pipeline.alerts.outbox import Kind, State


class AlertMetrics(Collector):
    """Reads what was counted anyway, whenever somebody asks."""

    def __init__(self, matching: Matching) -> None:
        self._matching = matching
        self.counts: dict[tuple[Kind, State], int] = {}
        """Deliveries of each kind in each state."""
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they are now."""
        found = CounterMetricFamily("newswire_alerts_found", "Deliveries that alerts led to.")
        found.add_metric([], self._matching.found)
        yield found
        states = GaugeMetricFamily(
            "newswire_alert_deliveries",
            "Deliveries that are remembered; a kill on its way is withdrawn and pending.",
            labels=["kind", "state"],
        )
        for kind, state in product((Kind.STORY, Kind.BREAKING, Kind.WITHDRAWN), State):
            states.add_metric([kind, state], self.counts.get((kind, state), 0))
        yield states
