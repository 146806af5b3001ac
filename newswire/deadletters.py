"""`deadletters`: what could not be used, why, and a second try once the cause is mended."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated

import msgspec
import orjson
import typer
from msgspec.structs import replace
from rich.markup import escape
from rich.table import Table

from config.feeds import Feed, load_feeds
from config.settings import Settings
from connectors.feed.reading import read as read_delivery
from connectors.publish import story_record
from connectors.sources.base import Delivery, now
from newswire.context import fail, one_sentence, out, printable, settings
from pipeline.kafka.messages import Message, Record
from pipeline.kafka.publisher import Publisher
from pipeline.kafka.reading import open_reader
from pipeline.wire.deadletter import DeadLetter, Found, letter_name, read, resolution
from pipeline.wire.errors import ParseError
from pipeline.wire.topics import Topics, headers

app = typer.Typer(
    help="List, show and replay what could not be read or indexed.", no_args_is_help=True
)


@app.command("list")
def list_letters(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List every dead letter that Kafka still keeps, oldest first."""
    with one_sentence():
        found = list(letters(settings(ctx.obj)))
        if as_json:
            for each in found:
                fields = msgspec.structs.asdict(each.letter)
                del fields["raw"]
                said = {"id": each.name, **fields, "bytes": each.size, "resolved": each.resolved}
                typer.echo(orjson.dumps(said))
            return
        table = Table("Id", "Failed", "Stage", "Feed", "From", "Reason", "Resolved", box=None)
        for each in found:
            letter = each.letter
            where = f" (at {letter.where})" if letter.where else ""
            table.add_row(
                each.name,
                (letter.failed_at or "")[:19],
                letter.stage,
                letter.feed or "",
                escape(printable(letter.name or letter.story_id or "")),
                escape(printable(letter.reason + where)),
                each.resolved or "",
            )
        out.print(table if found else "No dead letters.")


@app.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="As `list` prints it.")],
    raw: Annotated[bool, typer.Option("--raw", help="Print only the bytes.")] = False,
) -> None:
    """Show one dead letter: what failed, why and where, and its bytes."""
    with one_sentence():
        letter = _one(settings(ctx.obj), name).letter
        if raw:
            sys.stdout.buffer.write(letter.raw)
            return
        for field, value in msgspec.structs.asdict(letter).items():
            if field != "raw" and value is not None:
                out.print(f"[dim]{field:12}[/] {escape(printable(str(value)))}")
        text = letter.raw[:4000].decode("utf-8", "replace")
        out.print(f"\n{escape(printable(text))}")


@app.command()
def replay(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay all.")] = False,
) -> None:
    """Send dead letters through the pipeline again; versions make a repeat harmless.

    A delivery that could not be parsed is parsed again; a record that failed later goes
    to its topic again. The letter itself stays until Kafka's retention takes it.
    """
    with one_sentence():
        base = settings(ctx.obj)
        if not names and not everything:
            fail("name the dead letters to replay, or use --all", 2)
        wanted = set(names or ())
        found = [
            each
            for each in letters(base)
            if each.name in wanted or (everything and each.resolved is None)
        ]
        if missing := wanted - {each.name for each in found}:
            fail(f"no dead letter {', '.join(sorted(missing))}: see `newswire deadletters list`")
        records: list[Message] = []
        failures = 0
        for each in found:
            try:
                records += [*again(base, each.letter), resolved(base, each, "replayed")]
            except ParseError as error:
                failures += 1
                out.print(f"{each.name}: still can't be read: {escape(str(error))}")
        send(base, records)
        done = len(found) - failures
        out.print(f"{len(records) - done} records sent again from {done} dead letters.")
        if failures:
            raise typer.Exit(1)


@app.command()
def dismiss(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="ID…", help="As `list` prints them.")],
) -> None:
    """Record that dead letters need no replay, so that they no longer count as unhealthy.

    The record has the time and the name of the user who ran the command.
    """
    with one_sentence():
        base = settings(ctx.obj)
        found = [_one(base, name) for name in names]
        send(base, [resolved(base, each, "dismissed") for each in found])
        out.print(f"{len(found)} dead letters dismissed.")


def resolved(base: Settings, found: Found, how: str, by: str = "") -> Message:
    """Returns the record of what became of a dead letter.

    Args:
        by: who decided it; by default the user of this process.
    """
    if not by:
        with suppress(OSError, KeyError):  # a container's user may have no name
            by = getpass.getuser()
    key, value, said = resolution(found, how, by or "unknown")
    return Message(Topics(base.topics.prefix).deadletter, key, value, said)


def again(base: Settings, letter: DeadLetter) -> list[Message]:
    """Returns the records to publish for a dead letter.

    Raises:
        ParseError: its delivery still can't be read.
    """
    topics = Topics(base.topics.prefix)
    if letter.topic:
        key = letter.story_id or ""
        extra = headers(feed=letter.feed, format=letter.format, received_at=letter.received_at)
        return [Message(letter.topic, key.encode(), letter.raw, extra)]
    received = datetime.fromisoformat(letter.received_at) if letter.received_at else now()
    delivery = Delivery(raw=letter.raw, name=letter.name or "", received_at=received)
    reading = read_delivery(_feed(base, letter), delivery)
    if reading.letters and not reading.stories:
        raise ParseError(reading.letters[0].reason, reading.letters[0].where)
    return [story_record(topics, story, delivery.name) for story in reading.stories]


def send(base: Settings, records: Sequence[Message]) -> None:
    """Publish records; each is acknowledged when this returns.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """
    publisher = Publisher(base.kafka)
    try:
        if records:
            publisher.publish(records)
    finally:
        publisher.close()


def _feed(base: Settings, letter: DeadLetter) -> Feed:
    """Returns the feed of a letter; one of the same name and format if it is gone."""
    feeds = load_feeds(base.connectors.feeds_file)
    name = letter.feed or "replay"
    return feeds.get(name) or Feed(name=name, source="directory", format=letter.format or "auto")


def letters(base: Settings, newest: int | None = None) -> list[Found]:
    """Returns every dead letter that the topic holds now.

    Args:
        newest: only so many of each partition, the last ones.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """
    found: list[Found] = []
    resolutions: dict[str, str] = {}
    with open_reader(base.kafka) as topics:
        for at, span in topics.spans([Topics(base.topics.prefix).deadletter]).items():
            for records in topics.read({at: span if newest is None else span[-newest:]}):
                for record in records:
                    if name := record.headers.get("resolves"):
                        resolutions[name] = record.headers.get("resolved", "")
                    else:
                        found.append(_found(record))
    return [replace(each, resolved=resolutions.get(each.name)) for each in found]


def letter_at(base: Settings, name: str) -> Found | None:
    """Returns the dead letter of an id as `letters` gives it; None if there is none.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """
    match = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,18})", name)
    if match is None:
        return None
    at, offset = (Topics(base.topics.prefix).deadletter, int(match[1])), int(match[2])
    with open_reader(base.kafka) as topics:
        if offset not in topics.spans([at[0]]).get(at, ()):
            return None
        for records in topics.read({at: range(offset, offset + 1)}):
            return None if "resolves" in records[0].headers else _found(records[0])
    return None


def _found(record: Record) -> Found:
    letter = read(record.value, dict(record.headers))
    return Found(letter_name(record.partition, record.offset), letter, len(letter.raw))


def _one(base: Settings, name: str) -> Found:
    return letter_at(base, name) or fail(f"no dead letter {name}: see `newswire deadletters list`")
