"""`reach`: how far a killed story has reached, and what still stands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import orjson
import typer
from rich.markup import escape

from config.settings import Settings
from newswire.context import fail, one_sentence, out, printable, settings
from pipeline.alerts.outbox import FILE, Kind, Outbox, State
from pipeline.search.reader import open_reader
from pipeline.search.reports import Reach, Standing


def reach(
    ctx: typer.Context,
    story_id: Annotated[str, typer.Argument(help="The id of a killed story.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show who was told of a killed story, and which copies and other reports still stand."""
    with one_sentence():
        base = settings(ctx.obj)
        found = asyncio.run(_read(base, story_id))
        if found is None:
            fail(f"{printable(story_id)} is no killed story of the index")
        deliveries = told(base, story_id)
        if as_json:
            typer.echo(orjson.dumps({**msgspec.to_builtins(found), "told": deliveries}))
            return
        _print(found, deliveries)


def told(base: Settings, story_id: str) -> list[dict[str, Any]]:
    """Return who was told of a story or of its withdrawal, and when it was acknowledged.

    Alerts remember deliveries for `alerts.keep_days`, on the machine that runs them.
    """
    path = base.data_dir / FILE
    if not path.exists():
        return []
    outbox = Outbox(path)
    try:
        found = outbox.told(story_id)
    finally:
        outbox.close()
    return [
        {
            "alert": each.alert,
            "destination": each.destination,
            "told": "withdrawal" if each.kind is Kind.WITHDRAWN else "story",
            "rank": each.rank,
            "state": each.state.value,
            "tries": each.tries,
            "found_at": _instant(each.since),
            "acknowledged_at": _instant(each.settled) if each.state is State.SENT else None,
            "reason": each.reason,
        }
        for each in found
    ]


async def _read(base: Settings, story_id: str) -> Reach | None:
    async with open_reader(base.elasticsearch) as reader:
        return await reader.reports.reach(story_id, datetime.now(UTC))


def _instant(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _print(found: Reach, deliveries: list[dict[str, Any]]) -> None:
    kill = found.kill
    about = (kill.source, kill.slugline, kill.indexed_at and f"{kill.indexed_at:%Y-%m-%d %H:%M}")
    out.print(f"[bold]{_said(kill.id)}[/] killed: {' · '.join(_said(x) for x in about if x)}")
    out.print(f"Told: {len(deliveries)}")
    for each in deliveries:
        when = each["acknowledged_at"] or f"{each['state']}: {each['reason'] or ''}"
        to = f"{each['alert']}/{each['destination']}"
        out.print(f"  {each['told']} to {_said(to)}  {_said(when)}")
    _print_standing("Copies that still stand", found.copies)
    _print_standing("Other stories of the event that still stand", found.others)


def _print_standing(title: str, stories: tuple[Standing, ...]) -> None:
    out.print(f"{title}: {len(stories)}")
    for each in stories:
        out.print(f"  {_said(each.id)}  {_said(each.source or '')}  {_said(each.headline or '')}")


def _said(text: Any) -> str:
    return escape(printable(str(text)))
