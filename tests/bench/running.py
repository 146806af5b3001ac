"""What each part of the benchmark is given: where it runs and how much it does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.servers import Engine


@dataclass(frozen=True, slots=True)
class Where:
    """A running engine and a folder for data and logs."""

    engine: Engine
    folder: Path


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many stories the parts use."""

    enriched: int = 600
    """Through the model."""
    indexed: int = 500
    """With their names, into Elasticsearch alone."""
    format_seconds: float = 2.0
    """For each format."""
    read: int = 200
    """Texts for each way to ask the model."""
    plain: int = 18_000
    """Without it."""
    steps: int = 3_000
    """Through each step of the worker."""
    latency: int = 200
    """For each load."""
    loads: tuple[float, ...] = (0.5, 0.8)
    backlog: int = 10_000
    kept: int = 100_000
    """Through connector, worker and web, their memory watched."""
    rebuilt: int = 30_000
    """From the topic into a new index."""
    stalled: float = 40.0
    """Seconds that Elasticsearch stands still: longer than its requests may take."""
    searched: tuple[int, ...] = (1_000, 10_000, 100_000)
    """Stories in the index, one after the other, when the speed of indexing is told."""
    clicks: int = 30
    """Of each kind, in the browser."""
    searched_from: int = 100_000
    """From so many on they are searched too."""
    searches: int = 200
    """Of each kind."""
    events: tuple[int, ...] = (10_000, 100_000)
    """Stories in the window, when the cost of events is measured."""
    alike: int = 1_000_000
    """Stories among which those that are alike are searched for."""
    reports: int = 20
    """Of one event, when its live delay is measured."""
    keeps_plots: bool = True
    scale_seconds: float = 15.0
    """Work for one worker, in each setting of workers and partitions."""
    scale: tuple[tuple[int, int], ...] = ((1, 1), (1, 4), (1, 16), (2, 4), (2, 16), (4, 4), (4, 16))
    """Workers and partitions."""


SMOKE = Sizes(
    enriched=12,
    indexed=20,
    format_seconds=0.05,
    read=4,
    plain=60,
    steps=10,
    latency=4,
    loads=(0.5,),
    backlog=20,
    kept=50,
    rebuilt=40,
    stalled=1.0,
    searched=(20,),
    clicks=1,
    searched_from=20,
    searches=2,
    events=(300,),
    alike=300,
    reports=1,
    keeps_plots=False,
    scale_seconds=0.5,
    scale=((1, 4),),
)
"""Enough to see that each part still runs."""
