"""`newswire feeds`: list, try and add feeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from config.feeds import Feed, load_feeds, state_homes
from config.settings import Settings
from connectors import discovery
from connectors.check import Row
from connectors.check import check as check_feeds
from connectors.overview import FeedState, overview
from newswire.context import one_sentence, out, settings
from pipeline.enrich.geo.home import ENOUGH, Learned
from pipeline.index.client import connect_sync, translated
from pipeline.index.setup import read_alias
from pipeline.search import homes
from pipeline.wire.story import Story

SHOWN, TEXT_CHARS = 3, 200
"""How many stories `add` shows, and how much of their text."""

app = typer.Typer(help="List, check and add feeds.", no_args_is_help=True)


@app.callback()
def feeds() -> None:
    """List, check and add feeds."""


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
    reached or its table can't be used.
    """
    with one_sentence():
        rows = check_feeds(settings(ctx.obj), names or ())
        if as_json:
            for row in rows:
                typer.echo(orjson.dumps(asdict(row)))
        else:
            _print(rows)
        if any((row.reachable is False or row.misconfigured) and row.enabled for row in rows):
            raise typer.Exit(1)


@app.command(name="list")
def list_(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a feed.")] = False,
) -> None:
    """List the feeds with their state, rate, last story and silence.

    Asks no source; `newswire feeds check` does.
    """
    with one_sentence():
        states = overview(settings(ctx.obj))
        if as_json:
            for state in states:
                typer.echo(orjson.dumps(asdict(state)))
            return
        table = Table(
            "Feed", "State", "Hour", "Day", "Last story", "Silence", box=None, padding=(0, 2)
        )
        for state in states:
            table.add_row(
                escape(state.feed),
                state.state,
                f"{state.last_hour:,}",
                f"{state.last_day:,}",
                _last(state.last_story_at, state.last_story),
                _silence(state),
            )
        out.print(table)
        for state in states:
            if state.failure:
                out.print(f"[red]{escape(state.feed)}[/]: {escape(state.failure)}")


@app.command()
def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="A feed, or a page that links to one.")],
    name: Annotated[str | None, typer.Option(help="The feed's name; by default its host.")] = None,
    full_text: Annotated[
        bool, typer.Option("--full-text", help="Fetch the page behind each item.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
) -> None:
    """Find the feed at an address, show three of its stories, and add it to the feeds file."""
    with one_sentence():
        base = settings(ctx.obj)
        file = base.connectors.feeds_file
        found = discovery.discover(url)
        out.print(f"{escape(found.url)}: {found.format}, {len(found.stories)} stories")
        if found.unread:
            out.print(f"[yellow]{found.unread} items can't be read[/]")
        shown = found.stories[:SHOWN]
        if full_text:
            shown = discovery.with_pages(found, SHOWN, base.retry)
        for story in shown:
            _print_story(story)
        if dry_run:
            taken = list(load_feeds(file)) if file.exists() else []
            chosen = name or discovery.name_for(found.url, taken)
            out.print(escape(discovery.table(found, chosen, full_text)), highlight=False)
            return
        chosen = discovery.add(file, found, name, full_text)
        out.print(f"Added feeds.{chosen} to {escape(str(file))}. Running connectors must restart.")


@app.command()
def home(
    ctx: typer.Context,
    write: Annotated[
        bool, typer.Option("--write", help="State the learned regions in the feeds file.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a feed.")] = False,
) -> None:
    """Show each feed's home region: where its stories take place if they say nothing else.

    It is learned from the places of the feed's own stories in the index, the newer ones first.
    `--write` states it in the feed's table for the next enrichment revision: raise
    `enrichment.revision` and restart the workers to use it. A key `home` in the table that is
    written by hand counts before what is learned.
    """
    with one_sentence():
        base = settings(ctx.obj)
        file, revision = base.connectors.feeds_file, base.enrichment.revision
        feeds = load_feeds(file)
        found = _homes(base)
        rows = [_home(feed, found.get(name), revision) for name, feed in feeds.items()]
        if as_json:
            for row in rows:
                typer.echo(orjson.dumps(row))
        else:
            _print_homes(rows)
        changed = {
            row["feed"]: row["learned"]
            for row in rows
            if row["learned"] != feeds[row["feed"]].learned_at(revision)
        }
        if write and changed:
            state_homes(file, revision + 1, changed)
            names = ", ".join(f"feeds.{name}" for name in changed)
            typer.echo(
                f"Stated {names} in {file} for enrichment.revision {revision + 1}: set that, and"
                " restart the workers.",
                err=True,
            )


def _homes(base: Settings) -> dict[str, Learned]:
    """Return what the index says of each feed's home."""
    elastic = base.elasticsearch
    with translated(elastic), connect_sync(elastic) as client:
        answer = client.search(index=read_alias(elastic.index), **homes.body(datetime.now(UTC)))
    return homes.homes(answer.body)


def _home(feed: Feed, found: Learned | None, revision: int) -> dict[str, Any]:
    """Return one feed's row: by hand, in force, learned now, and the stories that it is from."""
    return {
        "feed": feed.name,
        "by_hand": feed.home,
        "in_force": feed.home_at(revision),
        # Too few stories say nothing against what was learned before.
        "learned": found.region if found and found.stories >= ENOUGH else feed.learned_at(revision),
        "leading": found.leading if found else None,
        "share": round(found.share, 3) if found else None,
        "stories": round(found.stories, 1) if found else 0.0,
    }


def _print_homes(rows: Sequence[dict[str, Any]]) -> None:
    table = Table("Feed", "By hand", "In force", "Learned", "Most named", box=None, padding=(0, 2))
    for row in rows:
        named = "no stories with places"
        if row["leading"]:
            named = f"{row['leading']} in {row['share']:.0%} of {row['stories']:,} stories"
        table.add_row(
            escape(row["feed"]),
            *(escape(row[key] or "–") for key in ("by_hand", "in_force", "learned")),
            escape(named),
        )
    out.print(table)


def _print_story(story: Story) -> None:
    """Print a story's fields as the index will have them, without what enrichment adds."""
    at = story.version_created or story.first_created
    fields = {
        "headline": story.headline,
        "id": story.id,
        "source": story.source,
        "time": at.isoformat() if at else None,
        "language": story.language,
        "text": (_own_text(story) or story.body)[:TEXT_CHARS].replace("\n", " "),
        "from": story.text_source,
    }
    out.print()
    for field, value in fields.items():
        if value:
            out.print(f"  [dim]{field:9}[/]{escape(str(value))}", highlight=False)


def _own_text(story: Story) -> str | None:
    """Return what stands for a story's text: its summary, unless its body is its page's."""
    return None if story.text_source else story.summary


def _silence(state: FeedState) -> str:
    if state.last_story_at is None:
        return "–"
    since = datetime.now(UTC) - datetime.fromisoformat(state.last_story_at)
    hours, minutes = divmod(int(since.total_seconds()) // 60, 60)
    usual = "" if state.expected is None else f", usually {state.expected:.0f} stories"
    return f"{hours} h {minutes} min{usual}"


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
        for field, number, first in row.paths:
            example = "" if first is None else f": {escape(first)}"
            out.print(f"{escape(row.feed)} map.{field} found in {number}{example}", highlight=False)


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
    if row.misconfigured:
        return "[red]not tried[/]"
    if row.reachable is None:
        return "not tried" if row.failure else "pushed"
    return "[green]yes[/]" if row.reachable else "[red]no[/]"


def _newest(row: Row) -> str:
    return _last(row.newest_at, row.newest)


def _last(at: str | None, headline: str | None) -> str:
    return "–" if at is None else f"{at[:16].replace('T', ' ')} {escape((headline or '')[:40])}"


def _format(row: Row) -> str:
    met = ", ".join(row.formats)
    if not met:
        return row.format
    return met if row.format in (met, "auto") else f"{row.format} ({met})"
