"""`alerts`: runs the alerts process; `alerts check` and `alerts test` try what is declared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from config.settings import Settings
from newswire.context import fail, one_sentence, out, settings
from pipeline.alerts.channel import NotTaken, content
from pipeline.alerts.channels import CHANNELS
from pipeline.alerts.outbox import Delivery, Kind
from pipeline.alerts.saved import Saved, saved_searches
from pipeline.alerts.service import run
from pipeline.search.reader import open_reader

app = typer.Typer(invoke_without_command=True)
DAY = timedelta(days=1)


@app.callback()
def alerts(ctx: typer.Context) -> None:
    """Match new stories with saved searches and send alerts.

    Alerts go to webhooks and to a topic. Runs until SIGTERM or Ctrl-C.
    """
    if ctx.invoked_subcommand is None:
        with one_sentence():
            asyncio.run(run(settings(ctx.obj)))


@app.command()
def check(ctx: typer.Context) -> None:
    """Read the declared alerts, and count what each would have found in the last day."""
    with one_sentence():
        base = settings(ctx.obj)
        searches = saved_searches(base)
        for search, count in zip(searches, asyncio.run(_counts(base, searches)), strict=True):
            stories = "1 story" if count == 1 else f"{count:,} stories"
            to = ", ".join(search.destinations)
            out.print(escape(f"{search.alert.name}: {stories} in the last day, to {to}"))
        if not searches:
            out.print(f"No alert is declared in {base.alerts.file}")


async def _counts(base: Settings, searches: Sequence[Saved]) -> list[int]:
    since = datetime.now(UTC) - DAY
    asked = [
        search.request.model_copy(update={"since": since, "size": 1, "facets": False})
        for search in searches
    ]
    async with open_reader(base.elasticsearch) as reader:
        return [(await reader.top(request)).total for request in asked]


@app.command()
def test(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="The alert's name.")]
) -> None:
    """Send each receiver of an alert a delivery of the type alert.test. Exit code 1 if one fails.

    It is signed as every delivery is, and tells of no story.
    """
    with one_sentence():
        base = settings(ctx.obj)
        searches = {search.alert.name: search for search in saved_searches(base)}
        if name not in searches:
            known = ", ".join(searches) or "none"
            fail(f"no alert {name!r} in {base.alerts.file} (declared: {known})", 2)
        failed = asyncio.run(_test(base, searches[name]))
        if failed:
            raise typer.Exit(1)


async def _test(base: Settings, search: Saved) -> int:
    """Send the deliveries, and return how many receivers did not take one."""
    channels = {channel.key: channel for channel in CHANNELS}
    failed = 0
    for key in search.destinations:
        now = time.time()
        delivery = Delivery(0, search.alert.name, key, "test", int(now), Kind.TEST, 1, now)
        channel = channels[key](base)
        try:
            await channel.send(search.alert, delivery, content(delivery, None))
        except NotTaken as error:
            failed += 1
            out.print(f"[red]{key}[/]: {escape(str(error))}")
        else:
            out.print(f"{key}: taken")
        finally:
            await channel.close()
    return failed
