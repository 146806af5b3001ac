"""`topics`: train the model that infers the topics of stories without codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from newswire.context import err, fail, one_sentence, out, read_lines, settings
from pipeline.wire import codec
from pipeline.wire.errors import CodecError
from pipeline.wire.story import Story

if TYPE_CHECKING:
    from config.settings import Settings
    from pipeline.enrich.topics.training import Example
    from pipeline.search.visible import Viewer

MOST = 20_000
"""Stories that are learned from: those that were enriched last."""

app = typer.Typer(
    help="Train the model that infers the topics of stories without codes.", no_args_is_help=True
)


@app.callback()
def topics() -> None:
    """Train the model that infers the topics of stories without codes."""


@app.command()
def train(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Stories as `newswire parse` prints them; - is standard input."),
    ] = None,
) -> None:
    """Train a model on the stories that your wires sent with codes.

    They come from the enriched topic, or from the files named. Withdrawn and embargoed stories and
    those of feeds with `machine_use = false` are left out. A part is held out in turn, and the
    tables say how good the answers on it are. The words of the model that comes with newswire are
    learned, too. The model is used once the settings name its file.
    """
    with one_sentence():
        from config.feeds import load_feeds
        from pipeline.enrich.topics import inferred, training
        from pipeline.search.visible import machine

        base = settings(ctx.obj)
        viewer = machine(load_feeds(base.connectors.feeds_file).values())
        with err.status("Reading stories …"):
            read = _from_files(files) if files else _from_topic(base)
            examples = _examples(read, viewer)
        if not examples:
            fail("no story has codes that say its topic: see docs/topics.md for those that do")
        with err.status(f"Learning from {len(examples):,} stories …"):
            model, quality = training.train([*examples, *training.lists_of(inferred.load())])
        path = base.data_dir / "topics.json"
        inferred.save(model, path)
        out.print("\n".join(training.tables(quality)), markup=False, highlight=False)
        out.print(
            f"\n{path}: {model.version}, from {model.stories:,} stories with codes; "
            f"{len(quality.answers):,} were held out, {quality.silent:,} of them got no topic.\n"
            f"To use it, set NEWSWIRE_ENRICHMENT__TOPICS_FILE={path} and raise "
            "enrichment.revision"
        )


def _from_files(files: Iterable[Path]) -> Iterator[tuple[str, int, Story]]:
    """Yields the stories of files; the last one of an id counts."""
    for path, number, line in read_lines(files):
        if line.strip():
            try:
                story = codec.decode_story(line)
            except CodecError as error:
                fail(f"{path}, line {number}: {error}")
            yield story.id, 0, story


def _from_topic(base: Settings) -> Iterator[tuple[str, int, Story | None]]:
    """Yields the stories of the enriched topic with their index versions; None for a tombstone."""
    from pipeline.kafka.reading import read_topic
    from pipeline.wire.topics import Topics

    for record in read_topic(base.kafka, Topics(base.topics.prefix).enriched):
        if not record.value:
            yield record.key.decode("utf-8", "replace"), 0, None
            continue
        try:
            done = codec.decode_enriched(record.value)
        except CodecError as error:
            err.print(f"offset {record.offset}: {escape(str(error))}")
            continue
        yield done.story.id, done.index_version, done.story


def _examples(stories: Iterable[tuple[str, int, Story | None]], viewer: Viewer) -> list[Example]:
    """Returns what is learned from: the newest version of each story that may be used.

    A story whose days are over is forgotten: its tombstone comes behind its versions, which the
    topic has until it is compacted.
    """
    versions: dict[str, int] = {}
    examples: dict[str, Example] = {}
    now = datetime.now(UTC)
    for id, version, story in stories:
        if story is None:
            examples.pop(id, None)
            continue
        if versions.get(id, 0) > version:
            continue
        versions[id] = version
        examples.pop(id, None)
        if (example := _example(story, viewer, now)) is not None:
            examples[id] = example
        if len(examples) > MOST:
            del examples[next(iter(examples))]
    return list(examples.values())


def _example(story: Story, viewer: Viewer, now: datetime) -> Example | None:
    from pipeline.enrich.topics.features import features
    from pipeline.enrich.topics.sent import sent_topics
    from pipeline.enrich.topics.training import Example
    from pipeline.search.visible import is_visible

    until = story.embargoed_until
    shown_by = {
        "status": story.status,
        "embargoed_until": until.isoformat() if until else None,
        "source": story.source,
        "feed": story.feed,
    }
    if not story.body or not is_visible(shown_by, now, viewer):
        return None
    sent = frozenset(topic.code for topic in sent_topics(story) if topic.level == 1)
    if not sent:
        return None
    # One string for each word, in whichever stories it is.
    return Example(story.id, {intern(word): n for word, n in features(story).items()}, sent)
