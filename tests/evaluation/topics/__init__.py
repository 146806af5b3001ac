"""Inferred topics: the starter model against stories of our own that it has not seen."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

from connectors.formats import FORMATS, Context
from pipeline.enrich.enricher import Enricher
from pipeline.enrich.topics.codes import TOP
from pipeline.enrich.topics.features import features
from pipeline.enrich.topics.inferred import TopicModel, load
from pipeline.enrich.topics.sent import sent_topics
from pipeline.enrich.topics.training import Example, Quality, lists_of, quality, tables, train
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Story

HERE = Path(__file__).parent
LIST_WORDS, ROUNDS = 8, 3
"""Entries of a list that are read as one text, and how often each is."""


def stories(name: str) -> list[Example]:
    """The stories of a file: their first line is the headline where it does not end in a stop."""
    found = []
    for number, (topics, text) in enumerate(_blocks(name)):
        headline, _, body = text.partition("\n")
        if not body:
            headline, body = "", text
        story = Story(id=f"{name} {number:03}", headline=headline or None, body=body)
        found.append(Example(story.id, features(story), topics))
    return found


def lists() -> list[Example]:
    """The lists of words, some entries at a time, as drawn from a fixed seed."""
    found = []
    draw = random.Random(0)
    for topics, text in _blocks("words.txt"):
        for language, line in enumerate(text.splitlines()):
            entries = list(dict.fromkeys(entry.strip() for entry in line.split(",")))
            for round_ in range(ROUNDS):
                draw.shuffle(entries)
                for start in range(0, len(entries), LIST_WORDS):
                    part = ". ".join(entries[start : start + LIST_WORDS])
                    id = f"words {'-'.join(topics)} {language} {round_} {start:03}"
                    found.append(
                        Example(id, features(Story(id=id, body=part)), topics, is_list=True)
                    )
    return found


def _blocks(name: str) -> Iterator[tuple[frozenset[str], str]]:
    text = "\n" + (HERE / name).read_text("utf-8")
    for block in text.split("\n== ")[1:]:
        heading, _, rest = block.partition("\n")
        yield (
            frozenset(f"{code}000000" for code in heading.split() if code != "-"),
            rest.strip(),
        )


def deliveries(folder: Path) -> Iterator[Example]:
    """Stories with codes of a folder of deliveries, in any format."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            parsed = FORMATS["auto"](path.read_bytes(), Context()).stories
        except ParseError:
            continue
        for story in parsed:
            topics = frozenset(t.code for t in sent_topics(story) if t.level == 1)
            if topics and story.body:
                yield Example(f"{path.name} {story.id}", features(story), topics)


def _line(name: str, found: Quality) -> str:
    micro = found.micro
    return (
        f"| {name} | {len(found.answers)} | {found.silent} | {micro.precision:.3f} | "
        f"{micro.recall:.3f} | {micro.f1:.3f} | {found.macro_f1:.3f} |"
    )


def report(enricher: Enricher) -> str:
    """Return the section on inferred topics."""
    model: TopicModel = load()
    judged = stories("held.txt")
    held = quality(model, judged)
    lines = [
        "## Topics\n",
        "The starter model that infers topics of stories without codes, on stories of our own "
        "that it has",
        "not learned from (`tests/evaluation/topics/held.txt`: English, short, four for each of "
        f"the {len(TOP)} topics",
        "and some that have none), written before it was measured. Deliveries: agencies' public "
        "samples with codes,",
        "in several languages and with up to eight topics each, in the folder that "
        "TOPICS_DELIVERIES names.\n",
        "| stories | | without an answer | precision | recall | micro F1 | macro F1 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        _line("own, held out", held),
        _line("the same, trained on in fifths", train([*judged, *lists_of(model)])[1]),
        _line("the same, without the starter's words", train(judged)[1]),
    ]
    # Agencies' texts with codes, only measured on: they are no part of this project.
    if folder := os.environ.get("TOPICS_DELIVERIES"):
        lines.append(_line("deliveries", quality(model, deliveries(Path(folder)))))
    return "\n".join([*lines, "", *tables(held)]) + "\n"
