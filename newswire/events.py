"""`events`: which stories report the same event. JSON Lines in and out, no server, no model."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from newswire.context import one_sentence, read_lines
from pipeline.events.events import Events
from pipeline.events.terms import Terms, terms


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of input says of a story."""

    story: str
    terms: Terms
    published_at: datetime | None


class BadLine(ValueError):
    """A line that can't be read as a story. The message says why."""


def events(
    files: Annotated[
        list[Path] | None, typer.Argument(help="JSON Lines; standard input by default.")
    ] = None,
) -> None:
    """Group stories by the event that they report: JSON Lines in, JSON Lines out.

    In: `{"id", "text", "headline"?, "published_at"?}`; other keys are ignored, and the last of
    equal ids counts. Out: `{"id", "event"}`, a line for each id, in the order in which
    the ids came first. `event` is the id of the event's earliest story, by time of publication
    and then by id; undated stories are last.

    A bad line is named on standard error, the others are answered, and the exit code is 1.
    """
    with one_sentence():
        stories: dict[str, Line] = {}
        failed = False
        for where, raw in _lines(files or [Path("-")]):
            try:
                line = read(raw)
            except BadLine as error:
                failed = True
                typer.echo(f"{where}: {error}", err=True)
            else:
                stories[line.story] = line
        found = Events()
        for line in stories.values():
            found.put(line.story, line.terms, line.published_at)
        found.settle()
        for story in stories:
            answer = {"id": story, "event": found.event(story)}
            sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()
        if failed:
            raise typer.Exit(1)


def read(raw: bytes) -> Line:
    """Returns the story of a line.

    Raises:
        BadLine: it is not a JSON object, lacks a usable id or text, or has an invalid date.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadLine(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadLine("not a JSON object")
    story = _text(value, "id")
    if not story:
        raise BadLine('"id" is missing or empty')
    text = _text(value, "text")
    if text is None:
        raise BadLine('"text" is missing')
    return Line(story, terms(text, _text(value, "headline")), _instant(value))


def _text(value: dict[str, Any], key: str) -> str | None:
    found = value.get(key)
    if found is not None and not isinstance(found, str):
        raise BadLine(f'"{key}" is not a string')
    return found


def _instant(value: dict[str, Any]) -> datetime | None:
    """Returns the time of publication; None where there is none.

    Takes ISO 8601 and the dates of mail and RSS. A time without a zone, or a day alone, is in UTC.
    """
    given = (_text(value, "published_at") or "").strip()
    if not given:
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        try:
            found = parsedate_to_datetime(given)
        except (ValueError, TypeError, IndexError, OverflowError):
            raise BadLine(f'"published_at" is not a date: {given[:40]!r}') from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _lines(files: list[Path]) -> Iterator[tuple[str, bytes]]:
    for path, number, line in read_lines(files):
        if raw := line.removeprefix(b"\xef\xbb\xbf").strip():
            yield f"line {number}" if str(path) == "-" else f"{path}, line {number}", raw
