"""`attention`: how many stories some searches find over time, as CSV."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from newswire.context import one_sentence, settings
from newswire.search import instant, request_of, with_facets
from pipeline.search.attention import AttentionRequest, Count, as_csv
from pipeline.search.reader import open_reader


@with_facets
def attention(
    ctx: typer.Context,
    searches: Annotated[list[str], typer.Argument(help="One to five searches, each quoted.")],
    q: Annotated[str, typer.Option(help="Words that every story must have.")] = "",
    since: Annotated[str | None, typer.Option(help="A date, or an age such as 90d.")] = None,
    until: Annotated[str | None, typer.Option(help="A date, or an age.")] = None,
    interval: Annotated[str, typer.Option(help="hour, day, week or month.")] = "day",
    by: Annotated[
        str | None,
        typer.Option(help="Count apart by source, place, person, organisation, country, language."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A value to exclude, as person:NAME.")
    ] = None,
    **filters: Any,
) -> None:
    """Count the stories of up to five searches over time, as CSV."""
    with one_sentence():
        base = settings(ctx.obj)
        request = request_of(
            AttentionRequest,
            search=tuple(searches),
            q=q,
            since=instant(since),
            until=instant(until),
            interval=interval,
            by=by,
            without=tuple(without or ()),
            **{name: tuple(values or ()) for name, values in filters.items()},
        )

        async def counted() -> list[Count]:
            async with open_reader(base.elasticsearch) as reader:
                return await reader.attention(request)

        for row in as_csv(request, asyncio.run(counted())):
            typer.echo(row.decode(), nl=False)
