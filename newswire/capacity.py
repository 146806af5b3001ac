"""`capacity`: what a month of so many stories takes, and what it costs at the reader's prices.

The costs of one story are measured (`newswire/data/capacity.toml`); the rest is arithmetic.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from math import ceil
from typing import Annotated

import orjson
import typer
from rich.table import Table

from newswire.context import out

DAYS = 30
HOURS = DAYS * 24
GB = 1e9
LEAST_CORES = 2
"""What Kafka, Elasticsearch and the processes need while nothing comes."""
PER_MILLION = 1e6


@dataclass(frozen=True)
class Measured:
    """What one story costs."""

    measured: str
    cpu_ms: Mapping[str, float]
    """By part."""
    bytes: Mapping[str, float]
    """On disk, one copy: the topics `stories` and `enriched`, `index` and `history`."""
    requests: Mapping[str, float]
    """To Elasticsearch: of a story that comes `alone`, one of a `crowd`, and an `idle_minute`."""


@dataclass(frozen=True)
class Load:
    """What comes, and how it is kept."""

    stories_per_day: float = 6000
    retain_days: float = 365
    stories_days: float = 7
    replication: int = 3
    replicas: int = 1
    workers: int = 2
    peak: float = 10


@dataclass(frozen=True)
class Month:
    """What a month takes once `retain_days` are full."""

    work_core_hours: Mapping[str, float]
    """What is computed, by part; replicas index, too."""
    cores: int
    """To be kept ready: for the peak, and no fewer than an installation needs."""
    core_hours: int
    gigabyte_months: Mapping[str, float]
    """With all copies, by part."""
    requests: float


def measured() -> Measured:
    """Returns what was measured."""
    text = files("newswire").joinpath("data/capacity.toml").read_text(encoding="utf-8")
    return Measured(**tomllib.loads(text))


def month(cost: Measured, load: Load) -> Month:
    """Returns what a month of a load takes."""
    stories = load.stories_per_day * DAYS
    # A replica of a shard indexes every document again; a copy of a topic is only written.
    times = {"elasticsearch": 1 + load.replicas}
    cpu = {part: ms / 1e3 * times.get(part, 1) for part, ms in cost.cpu_ms.items()}
    busiest = load.stories_per_day / 86_400 * load.peak * sum(cpu.values())
    cores = max(LEAST_CORES, ceil(busiest))
    days = {"stories": min(load.stories_days, load.retain_days)}
    copies = {"stories": load.replication, "enriched": load.replication}
    return Month(
        {part: stories * seconds / 3600 for part, seconds in cpu.items()},
        cores,
        cores * HOURS,
        {
            part: load.stories_per_day
            * days.get(part, load.retain_days)
            * size
            * copies.get(part, 1 + load.replicas)
            / GB
            for part, size in cost.bytes.items()
        },
        stories * cost.requests["alone"] + load.workers * cost.requests["idle_minute"] * 60 * HOURS,
    )


def price(what: Month, core_hour: float, gigabyte_month: float, million_requests: float) -> float:
    """Returns what a month costs at these prices."""
    return (
        what.core_hours * core_hour
        + sum(what.gigabyte_months.values()) * gigabyte_month
        + what.requests / PER_MILLION * million_requests
    )


def capacity(
    stories_per_day: Annotated[
        float, typer.Option(min=0, help="Stories, each version counted.")
    ] = Load.stories_per_day,
    retain_days: Annotated[
        float, typer.Option(min=0, help="How long stories are kept.")
    ] = Load.retain_days,
    replication: Annotated[
        int, typer.Option(min=1, help="Copies in Kafka: topics.replication.")
    ] = Load.replication,
    replicas: Annotated[int, typer.Option(min=0, help="elasticsearch.replicas.")] = Load.replicas,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = Load.workers,
    peak: Annotated[
        float, typer.Option(min=1, help="The busiest minute, in averages of a day.")
    ] = Load.peak,
    price_core_hour: Annotated[float, typer.Option(min=0, help="Of one core for an hour.")] = 0,
    price_gigabyte_month: Annotated[
        float, typer.Option(min=0, help="Of one gigabyte of disk for a month.")
    ] = 0,
    price_million_requests: Annotated[
        float, typer.Option(min=0, help="Of a million requests to Elasticsearch.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Reckon what a month of so many stories takes, and its price.

    Computed from the measured costs of a story of 6.4 kB. Searches by people are not part of it.
    """
    load = Load(
        stories_per_day,
        retain_days,
        replication=replication,
        replicas=replicas,
        workers=workers,
        peak=peak,
    )
    cost = measured()
    what = month(cost, load)
    total = price(what, price_core_hour, price_gigabyte_month, price_million_requests)
    if as_json:
        typer.echo(orjson.dumps({"load": load, "month": what, "price": total}))
        return
    table = Table("a month", "amount", "of it", box=None, header_style="dim")
    disk = sum(what.gigabyte_months.values())
    table.add_row(
        "core-hours of work",
        f"{sum(what.work_core_hours.values()):,.1f}",
        _parts(what.work_core_hours),
    )
    table.add_row("core-hours kept ready", f"{what.core_hours:,}", f"{what.cores} cores")
    table.add_row("gigabyte-months", f"{disk:,.1f}", _parts(what.gigabyte_months))
    table.add_row("requests to Elasticsearch", f"{what.requests:,.0f}", "")
    out.print(table)
    if total:
        out.print(
            f"Price: {what.core_hours:,} x {price_core_hour:g} + {disk:,.1f} x "
            f"{price_gigabyte_month:g} + {what.requests / PER_MILLION:,.2f} x "
            f"{price_million_requests:g} = {total:,.2f}"
        )
    out.print(f"Costs of a story measured {cost.measured}.", style="dim")


def _parts(amounts: Mapping[str, float]) -> str:
    return ", ".join(f"{part} {amount:,.1f}" for part, amount in amounts.items())
