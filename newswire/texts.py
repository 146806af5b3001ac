"""`parse` and `enrich`: files and texts in, JSON Lines out, no Kafka and no index."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import orjson
import typer

from connectors.formats import FORMATS, Context, Parsed
from newswire.context import fail, one_sentence, read_lines, settings
from newswire.library import load_enricher
from pipeline.wire import codec
from pipeline.wire.errors import CodecError, ParseError
from pipeline.wire.story import Story

if TYPE_CHECKING:
    from pipeline.enrich.pool import Enrich
    from pipeline.wire.enriched import Enriched

ENRICH_BATCH = 32


def parse(
    files: Annotated[list[Path], typer.Argument(help="Deliveries; - is standard input.")],
    name: Annotated[str, typer.Option("--format", help="A format's name.")] = "auto",
    agency: Annotated[
        str | None, typer.Option(help="Source of stories whose wire names none.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Zone of times that have none.")] = "UTC",
    captions: Annotated[bool, typer.Option(help="Take captions as stories.")] = False,
) -> None:
    """Read deliveries and print their stories, one JSON object a line.

    Each bad file, or bad item of a file, is one line on standard error, and the exit code
    is then 1. A picture or a package is a note there and no failure.
    """
    with one_sentence():
        if name not in FORMATS:
            fail(f"unknown format {name!r} (known: {', '.join(sorted(FORMATS))})", 2)
        failed = False
        for path in files:
            try:
                raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
            except OSError as error:
                failed = True
                _note("error", path, error.strerror or str(error))
                continue
            context = Context(agency=agency, timezone=timezone, captions=captions)
            failed |= not _parse(path, FORMATS[name], raw, context)
        if failed:
            raise typer.Exit(1)


def _parse(path: Path, format_: Any, raw: bytes, context: Context) -> bool:
    """Print one file's stories; whether all of it could be read."""
    try:
        parsed: Parsed = format_(raw, context)
        lines = [codec.encode(story) for story in parsed.stories]
    except (ParseError, CodecError) as error:
        _note("error", path, str(error))
        return False
    for line in lines:
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
    for bad in parsed.errors:
        _note("error", path, str(bad))
    for skip in parsed.skipped:
        _note("skipped", path, skip.reason)
    return not parsed.errors


def _note(kind: str, path: Path, reason: str) -> None:
    """Write one line of JSON to standard error: which file, what, and where in it."""
    typer.echo(orjson.dumps({kind: reason, "file": str(path)}).decode(), err=True)


def enrich(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="JSON Lines; standard input by default.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A spaCy pipeline, by name.")] = None,
    demonyms: Annotated[
        bool, typer.Option(help='With or without places named by demonym ("North Korean").')
    ] = True,
) -> None:
    """Find people, organisations and places in texts, as JSON Lines.

    In: stories as `newswire parse` prints them, or `{"id": …, "text": …}`, with "language" and
    "feed" if you like: the home region of that feed is used. Out, in the
    same order: `{"id", "entities": [{"id", "text", "label", "title", "name", "kb", "salience",
    "mentions": [{"start", "end"}]}], "quotes": [{"start", "end", "speaker"}], "toponyms":
    [{"start", "end", "text", "lat", "lon", "geonames_id", "name", "country", "confidence",
    "role", "reason"}], "focus": [geonames ids], "focus_country", "topics": [{"code", "name",
    "level", "relation", "confidence"}]}`, offsets in characters of the given text, or of a
    story's body. An entity without a title, name or kb has no such key, nor a sent topic a
    confidence.
    """
    from rich.progress import Progress

    from newswire.context import err

    with one_sentence():
        base = settings(ctx.obj)
        with err.status("Loading model and gazetteer …"):
            enricher = load_enricher(base, model)
        with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task("Enriching", total=None)
            for batch in _batches(_lines(files or [Path("-")])):
                for result in _enrich(enricher, batch, demonyms):
                    sys.stdout.buffer.write(orjson.dumps(result) + b"\n")
                sys.stdout.buffer.flush()
                progress.advance(task, len(batch))


def _enrich(
    enricher: Enrich, batch: list[tuple[Any, Story]], demonyms: bool
) -> Iterator[dict[str, Any]]:
    for (given, _), done in zip(batch, enricher.enrich([story for _, story in batch]), strict=True):
        yield result(given, done, demonyms)


def result(given: Any, done: Enriched, demonyms: bool = True) -> dict[str, Any]:
    """Return the line for a text: offsets count in the body, and other fields are left out."""
    from pipeline.enrich.enricher import toponyms

    entities = []
    for entity in done.entities:
        mentions = [{"start": m.start, "end": m.end} for m in entity.mentions if m.field == "body"]
        if mentions:
            about = {"title": entity.title, "name": entity.name, "kb": entity.kb}
            entities.append(
                {"id": entity.id, "text": entity.text, "label": entity.label}
                | {key: value for key, value in about.items() if value is not None}
                | {"salience": entity.salience, "mentions": mentions}
            )
    places = [t for t in toponyms(done) if demonyms or t["role"] != "demonym"]
    quotes = [{"start": q.start, "end": q.end, "speaker": q.speaker} for q in done.quotes]
    topics = [
        {key: value for key, value in msgspec.to_builtins(topic).items() if value is not None}
        for topic in done.topics
    ]
    return {
        "id": given, "entities": entities, "quotes": quotes, "toponyms": places,
        "focus": list(done.focus), "focus_country": done.focus_country, "topics": topics,
    }  # fmt: skip


def _lines(files: Iterable[Path]) -> Iterator[tuple[Any, Story]]:
    for path, number, line in read_lines(files):
        if line.strip():
            yield _story(line, f"{path}, line {number}")


def _story(line: bytes, where: str) -> tuple[Any, Story]:
    """Return the id as given and the story of a line; a bare text is the body, unchanged."""
    try:
        value = orjson.loads(line)
        if isinstance(value, dict) and isinstance(value.get("text"), str):
            return value.get("id"), Story(
                id=str(value.get("id")),
                body=value["text"],
                language=value.get("language"),
                feed=value.get("feed"),
            )
        story = msgspec.convert(value, Story)
    except (orjson.JSONDecodeError, msgspec.ValidationError) as error:
        fail(f'{where}: neither a story nor {{"id", "text"}}: {error}')
    return story.id, story


def _batches(lines: Iterable[tuple[Any, Story]]) -> Iterator[list[tuple[Any, Story]]]:
    batch: list[tuple[Any, Story]] = []
    for line in lines:
        batch.append(line)
        if len(batch) == ENRICH_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
