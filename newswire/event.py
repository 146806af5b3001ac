"""`event`: what happened, as all agencies tell it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import typer
from msgspec.json import encode
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from config.settings import Settings
from newswire.context import fail, one_sentence, out, printable, settings
from pipeline.facts.developing import Point
from pipeline.search.events import Event
from pipeline.search.reader import open_reader


def event(
    ctx: typer.Context,
    story_id: Annotated[str, typer.Argument(help="The id of any of its stories.")],
    as_json: Annotated[bool, typer.Option("--json", help="All of it, as the API answers.")] = False,
) -> None:
    """Show an event: who had it when, its figures, quotes and stories.

    Withdrawn and embargoed stories are in no event.
    """
    with one_sentence():
        found = asyncio.run(_read(settings(ctx.obj), story_id))
        if found is None:
            fail(f"no event has a story {story_id!r} that may be shown")
        if as_json:
            typer.echo(encode(found))
            return
        _print(found)


async def _read(base: Settings, story_id: str) -> Event | None:
    async with open_reader(base.elasticsearch) as reader:
        return await reader.events.event(story_id)


def _print(found: Event) -> None:
    out.print(Text(printable(found.headline or found.id), style="bold"))
    number = f"{found.stories} {'story' if found.stories == 1 else 'stories'}"
    spoken = ", ".join(f"{language} {count}" for language, count in found.languages.items())
    out.print(f"[dim]{escape(' · '.join(part for part in (found.id, number, spoken) if part))}[/]")
    table = Table("Source", "First at", "Behind", "Stories", box=None, header_style="dim")
    for each in found.sources:
        behind = "" if each.behind_seconds is None else f"{each.behind_seconds:,} s"
        source = escape(printable(each.source or ""))
        table.add_row(source, _when(each.first_at), behind, str(each.stories))
    out.print(table)
    for series in found.figures:
        told = ", ".join(_said(point) for point in series.points)
        apart = " [yellow](agencies disagree)[/]" if series.disagree else ""
        out.print(f"[dim]{escape(series.counts)}:[/] {escape(told)}{apart}")
    for quote in found.quotes:
        said = f"“{printable(quote.text)}”, {printable(quote.speaker)} ({quote.source or ''})"
        out.print(escape(said))
    for kill in found.kills:
        out.print(f"[red]withdrawn[/] {escape(kill.id)} {_when(kill.indexed_at)}")
    for one in found.timeline:
        marks = " ".join(part for part in (one.signal, *one.changed) if part)
        line = f"{_when(one.at)}  {one.source or ''}  {printable(one.headline or one.story)}"
        out.print(f"{escape(line)} [dim]{escape(marks)}[/]")


def _said(point: Point) -> str:
    value = " ".join(part for part in (point.bound, point.value) if part)
    return f"{point.source or '?'} {value} at {_when(point.at)}"


def _when(value: datetime | str | None) -> str:
    if not value:
        return "?"
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.strftime("%Y-%m-%d %H:%M UTC")
