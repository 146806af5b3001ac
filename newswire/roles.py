"""`roles`: what a person is called over time."""

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
from pipeline.search.roles import PersonRoles


def roles(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A person's full name.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """List the titles that stories print before a person's name, over time."""
    with one_sentence():
        found = asyncio.run(_read(settings(ctx.obj), name))
        if as_json:
            typer.echo(encode(found))
            return
        table = Table("Title", "Stories", "First", "Last", box=None, header_style="dim")
        for role in found.roles:
            times = (f"{at:%Y-%m-%d}" for at in (role.since, role.until))
            table.add_row(escape(printable(role.title)), str(role.stories), *times)
        out.print(table)
        what = "stories" if found.complete else "or more stories; the newest count"
        out.print(f"[dim]{found.stories} {what}[/]")


async def _read(base: Settings, name: str) -> PersonRoles:
    async with open_reader(base.elasticsearch) as reader:
        return await reader.reports.roles(name, datetime.now(UTC))
