"""`newswire feeds`: try the feeds that are configured."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from connectors.check import Row
from connectors.check import check as check_feeds
from newswire.context import one_sentence, out, settings

app = typer.Typer(help="Check the feeds.", no_args_is_help=True)


@app.callback()
def feeds() -> None:
    """Check the feeds."""


@app.command()
def check(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Feeds by name; all by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a feed.")] = False,
) -> None:
    """Try feeds: whether they can be reached, newest item, format, what would be ingested.

    Publishes nothing and moves no cursor. The exit code is 1 if an enabled feed can't be
    reached.
    """
    with one_sentence():
        rows = check_feeds(settings(ctx.obj), names or ())
        if as_json:
            for row in rows:
                typer.echo(orjson.dumps(asdict(row)))
        else:
            _print(rows)
        if any(row.reachable is False and row.enabled for row in rows):
            raise typer.Exit(1)


def _print(rows: list[Row]) -> None:
    table = Table(
        "Feed", "Source", "Reachable", "Newest", "Format", "Would ingest", box=None, padding=(0, 2)
    )
    for row in rows:
        name = escape(row.feed) if row.enabled else f"[dim]{escape(row.feed)} (off)[/]"
        table.add_row(name, row.source, _reachable(row), _newest(row), _format(row), would(row))
    out.print(table)
    for row in rows:
        if row.failure:
            out.print(f"[red]{escape(row.feed)}[/]: {escape(row.failure)}")
        for reason in row.bad:
            out.print(f"[yellow]{escape(row.feed)}[/]: {escape(reason)}")


def would(row: Row) -> str:
    """Return what a feed would ingest, in words."""
    if not row.reachable:
        return "–"
    parts = [f"{row.stories}{'+' if row.more else ''} new"]
    for number, label in (
        (row.known, "known"),
        (row.claims, "of another agency"),
        (row.skipped, "skipped"),
        (len(row.bad), "bad"),
    ):
        if number:
            parts.append(f"{number} {label}")
    return ", ".join(parts)


def _reachable(row: Row) -> str:
    if row.reachable is None:
        return "pushed"
    return "[green]yes[/]" if row.reachable else "[red]no[/]"


def _newest(row: Row) -> str:
    if row.newest_at is None:
        return "–"
    return f"{row.newest_at[:16].replace('T', ' ')} {escape((row.newest or '')[:40])}"


def _format(row: Row) -> str:
    met = ", ".join(row.formats)
    if not met:
        return row.format
    return met if row.format in (met, "auto") else f"{row.format} ({met})"
