"""`trending`: what has far more stories than usual."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from msgspec.json import encode
from rich.markup import escape
from rich.table import Table

from config.settings import Settings
from newswire.context import one_sentence, out, printable, settings
from pipeline.search.reader import open_reader
from pipeline.search.trending import Trends, Window


def trending(
    ctx: typer.Context,
    window: Annotated[
        Window, typer.Option(help="Over which time stories are counted.")
    ] = Window.HOUR,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """List the names, places and events that have far more stories than usual at this hour."""
    with one_sentence():
        found = asyncio.run(_read(settings(ctx.obj), window))
        if as_json:
            typer.echo(encode(found))
            return
        table = Table("What", "Kind", "Stories", "Usual", "Score", box=None, header_style="dim")
        for one in found.trends:
            numbers = (str(one.stories), f"{one.usual:g}", f"{one.score:g}")
            table.add_row(escape(printable(one.name)), one.kind, *numbers)
        out.print(table)
        out.print(f"[dim]{found.stories} stories in the window[/]")


async def _read(base: Settings, window: Window) -> Trends:
    async with open_reader(base.elasticsearch) as reader:
        return await reader.reports.trending(window, datetime.now(UTC))
