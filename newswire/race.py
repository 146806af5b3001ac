"""`race`: which source has events first, and what would be missing without one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from msgspec.json import encode
from rich.markup import escape
from rich.table import Table

from config.settings import Settings
from newswire.context import err, fail, one_sentence, out, printable, settings
from pipeline.search.race import Loss, Race, Runner
from pipeline.search.reader import open_reader
from pipeline.search.reports import MOST, in_utc, period, span


def race(
    ctx: typer.Context,
    days: Annotated[int, typer.Option(min=1, help="The last days, where --since is absent.")] = 7,
    since: Annotated[datetime | None, typer.Option(help="Begin of the period (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="End of the period (UTC).")] = None,
    without: Annotated[
        str | None, typer.Option(help="A source: also tell what would be missing without it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare the sources: who has events first, alone or late.

    Also corrections and kills per 1,000 stories, and copies of others. With --without it answers
    what you would lose without that source.
    """
    with one_sentence():
        base = settings(ctx.obj)
        now = datetime.now(UTC)
        try:
            begin, end = period(in_utc(since), in_utc(until), now, days)
        except ValueError as error:
            fail(str(error), 2)
        found = asyncio.run(_read(base, begin, end, now, without))
        if as_json:
            typer.echo(encode(found))
            return
        _print(found)
        if not found.complete:
            err.print(f"[yellow]The period has more than {MOST:,} stories: this is the newest.[/]")


async def _read(
    base: Settings, since: datetime, until: datetime, now: datetime, without: str | None
) -> Race:
    async with open_reader(base.elasticsearch) as reader:
        return await reader.reports.race(since, until, now, without)


def _print(found: Race) -> None:
    columns = ("Source", "Stories", "Events", "First", "Alone", "Late", "p50", "p95")
    table = Table(*columns, "Corrections/1000", "Kills/1000", "Copies", box=None)
    for one in found.sources:
        table.add_row(*_cells(one))
    out.print(table)
    of = f"from {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M}"
    out.print(f"[dim]{found.events} events that began {of}[/]")
    if found.loss:
        _print_loss(found.loss)


def _cells(one: Runner) -> tuple[str, ...]:
    numbers = (one.stories, one.events, one.first, one.alone, one.late)
    behind = (span(one.late_p50_seconds), span(one.late_p95_seconds))
    rates = (f"{one.corrections_per_1000:g}", f"{one.kills_per_1000:g}", str(one.copies))
    return escape(printable(one.source)), *map(str, numbers), *behind, *rates


def _print_loss(loss: Loss) -> None:
    later = f"{loss.later} known later"
    if loss.later:
        later += f" (p50 {span(loss.later_p50_seconds)}, p95 {span(loss.later_p95_seconds)})"
    name = escape(printable(loss.source))
    out.print(f"\n[bold]Without {name}[/]: {loss.events} events missing, {later}")
    for one in loss.only_here:
        said = escape(printable(one.headline or one.id))
        out.print(f"  [dim]{one.at:%Y-%m-%d %H:%M}[/] {said}")
