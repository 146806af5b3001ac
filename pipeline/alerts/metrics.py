"""Metrics of the alerts process."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pipeline.alerts.matching import Matching


class AlertMetrics(Collector):
    """Reads what was counted anyway, whenever somebody asks."""

    def __init__(self, matching: Matching) -> None:
        self._matching = matching
        self.counts: dict[str, int] = {}
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they are now."""
        found = CounterMetricFamily("newswire_alerts_found", "Deliveries that alerts led to.")
        found.add_metric([], self._matching.found)
        yield found
        states = GaugeMetricFamily(
            "newswire_alert_deliveries", "Deliveries that are remembered.", labels=["state"]
        )
        for state, count in self.counts.items():
            states.add_metric([state], count)
        yield states
