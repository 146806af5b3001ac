"""`held`: the stories that are held until a person decides, and the decision."""

from __future__ import annotations

import getpass
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer
from msgspec.structs import replace
from rich.markup import escape
from rich.table import Table

from config.settings import Settings
from connectors.publish import story_record
from newswire.context import fail, one_sentence, out, printable, settings
from newswire.deadletters import send
from pipeline.index.client import connect_sync, translated
from pipeline.index.document import enriched
from pipeline.index.held import HELD
from pipeline.index.lookup import look_up_sync
from pipeline.index.setup import read_alias
from pipeline.kafka.messages import Message
from pipeline.wire.errors import StoryError
from pipeline.wire.story import Status
from pipeline.wire.topics import Topics, headers

app = typer.Typer(help="List the stories that are held, and release them.", no_args_is_help=True)

MOST = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """A story that nobody may see until it is released or a newer version is usable."""

    id: str
    version: int
    """The index version: what the person who decides has seen."""
    source: str | None
    headline: str | None
    reason: str | None
    """The wire's own words that hold it."""
    feed: str | None
    received_at: str | None


@app.command("list")
def list_held(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the held stories, the last received first."""
    with one_sentence():
        found = held(settings(ctx.obj))
        if as_json:
            for each in found:
                typer.echo(orjson.dumps(asdict(each)))
            return
        table = Table("Id", "Received", "Feed", "Source", "Held by", "Headline", box=None)
        for each in found:
            table.add_row(
                escape(printable(each.id)),
                (each.received_at or "")[:19],
                each.feed or "",
                escape(printable(each.source or "")),
                escape(printable(each.reason or "")),
                escape(printable(each.headline or "")),
            )
        out.print(table if found else "No held stories.")


@app.command("release")
def release_held(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="As `list` prints them.")],
) -> None:
    """Release held stories: readers see them once the worker has indexed the decision."""
    with one_sentence():
        base = settings(ctx.obj)
        by = "unknown"
        with suppress(OSError, KeyError):  # a container's user may have no name
            by = getpass.getuser()
        for story_id in ids:
            try:
                release(base, story_id, by)
            except StoryError as error:
                fail(str(error))
        out.print(f"{len(ids)} {'story' if len(ids) == 1 else 'stories'} released.")


def held(base: Settings, most: int = MOST) -> list[Held]:
    """Returns the held stories, the last received first.

    Raises:
        IndexUnavailable, SetupError: see `pipeline.index.client.translated`.
    """
    elastic = base.elasticsearch
    with translated(elastic), connect_sync(elastic) as client:
        answer = client.search(
            index=read_alias(elastic.index),
            query=HELD,
            sort=[{"received_at": {"order": "desc", "missing": "_last"}}],
            size=most,
            version=True,
            source_includes=["source", "headline", "status_sent", "feed", "received_at"],
        )
    return [
        Held(
            hit["_id"],
            hit["_version"],
            hit["_source"].get("source"),
            hit["_source"].get("headline"),
            hit["_source"].get("status_sent"),
            hit["_source"].get("feed"),
            hit["_source"].get("received_at"),
        )
        for hit in answer["hits"]["hits"]
    ]


def release(base: Settings, story_id: str, by: str, version: int | None = None) -> None:
    """Publish the decision that a held story is usable.

    It is the same version of the story without the restriction, on the stories topic, so replay
    and rebuild keep it. A newer version from the wire is judged again.

    Args:
        by: who decided it, for the audit.
        version: the index version that was seen; None for the one that is there.

    Raises:
        StoryError: the story is not held, or another version is there now.
        BrokerUnavailable, IndexUnavailable, SetupError: try again later.
    """
    elastic = base.elasticsearch
    with connect_sync(elastic) as client:
        found = look_up_sync(client, elastic, read_alias(elastic.index), [story_id])
    there = found.get(story_id)
    if there is None or there.document["status"] != Status.EMBARGOED:
        raise StoryError(f"{story_id} is not held")
    if version is not None and there.version != version:
        raise StoryError(f"{story_id}: a newer version came: look at it first")
    story = replace(enriched(there.document).story, status=Status.USABLE, embargoed_until=None)
    record = story_record(Topics(base.topics.prefix), story, "release")
    said = headers(released_by=by, released_at=datetime.now(UTC).isoformat())
    send(base, [Message(record.topic, record.key, record.value, record.headers + said)])
