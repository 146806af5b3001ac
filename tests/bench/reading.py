"""The ways to ask the model: how quick each is, and what it finds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import spacy

from pipeline.enrich.enricher import DEFAULT_MODEL
from pipeline.enrich.mentions import cleaned, legible
from pipeline.enrich.model import BATCH_CHARS, UNUSED, Model, batches
from pipeline.enrich.paragraphs import paragraphs
from pipeline.wire.labels import PLACES
from tests.bench.running import Sizes, Where
from tests.evaluation import corpus
from tests.evaluation.corpus import Document
from tests.evaluation.entities.annotation import stories
from tests.evaluation.geoparsing import Score, Toponym, add

Read = Callable[[Sequence[str]], Iterable[Any]]
"""Texts to spaCy's Docs of them, or of their paragraphs, in order."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask the model."""

    name: str
    read: Read
    by_paragraph: bool = False


def report(where: Where, sizes: Sizes) -> str:
    """The section on the model's settings."""
    docs = _documents()[: sizes.read]
    warm = [doc.text for doc in docs[:4]]
    rows = []
    for way in _ways():
        list(way.read(_parts(warm) if way.by_paragraph else warm))
        rows.append(_row(way, docs))
    gold = sum(len(doc.gold) for doc in docs)
    scored = "GeoWebNews" if gold else "our own stories, whose places nobody has marked: no F1"
    table = "\n".join(rows)
    return f"""## Ways to ask the model

`python -m tests.bench reading`

{len(docs)} texts of {scored}, {sum(len(doc.text) for doc in docs):,} characters. F1 of the model's
own places (GPE, LOC, FAC; exact spans, article and possessive cut off) against the {gold:,} marked
ones: what it is worth before the gazetteer has spoken.

| | tokens/s | CPU ms for 1,000 tokens | F1 |
|---|---|---|---|
{table}

newswire asks by paragraphs, {BATCH_CHARS:,} characters at a time: what a paragraph gives is then a
function of the paragraph alone, and can be remembered.
"""


def _documents() -> list[Document]:
    if corpus.PATH.exists():
        return corpus.documents()
    return [Document(one.story.id, one.story.body, ()) for one in stories()]


def _ways() -> Iterator[Way]:
    whole = spacy.load(DEFAULT_MODEL)
    yield Way("all components, text by text", lambda texts: map(whole, texts))
    names = spacy.load(DEFAULT_MODEL, exclude=UNUSED)
    yield Way("names only, text by text", lambda texts: map(names, texts))
    for size in (8, 64):
        yield Way(f"nlp.pipe, {size} texts at a time", _piped(names, size))
    yield Way("nlp.pipe, 64 texts at a time, 2 processes", _piped(names, 64, 2))
    blocks = Model(DEFAULT_MODEL, remembered=0).nlp
    yield Way("OpenBLAS in blocks of one shape, 64 texts at a time", _piped(blocks, 64))
    for chars in (1_000, BATCH_CHARS // 4, BATCH_CHARS, 4 * BATCH_CHARS):
        name = f"the same by paragraphs, {chars:,} characters at a time"
        yield Way(name, _by_chars(blocks, chars), by_paragraph=True)


def _piped(nlp: Any, size: int, processes: int = 1) -> Read:
    return lambda texts: nlp.pipe(texts, batch_size=size, n_process=processes)


def _by_chars(nlp: Any, most: int) -> Read:
    def read(texts: Sequence[str]) -> Iterator[Any]:
        for batch in batches(texts, most):
            yield from nlp.pipe(batch, batch_size=len(batch))

    return read


def _parts(texts: Iterable[str]) -> list[str]:
    return [part for text in texts for _, part in paragraphs(text)]


def _row(way: Way, docs: Sequence[Document]) -> str:
    texts = [legible(doc.text) for doc in docs]
    asked = _parts(texts) if way.by_paragraph else texts
    began, spent = time.monotonic(), _processor_seconds()
    read = list(way.read(asked))
    seconds, spent = time.monotonic() - began, _processor_seconds() - spent
    tokens = sum(map(len, read))
    answers = iter(read)
    score = Score()
    for doc, text in zip(docs, texts, strict=True):
        parts = paragraphs(text) if way.by_paragraph else [(0, text)]
        places = [place for offset, _ in parts for place in _places(next(answers), offset)]
        add(score, doc.gold, places)
    f1 = f"{score.exact.f1:.3f}" if score.exact.gold else ""
    return f"| {way.name} | {tokens / seconds:,.0f} | {1e6 * spent / tokens:.1f} | {f1} |"


def _places(found: Any, offset: int) -> Iterator[Toponym]:
    spans = ((e.start_char, e.end_char, e.label_) for e in found.ents if e.label_ in PLACES)
    for start, end, _ in cleaned(spans, found.text):
        yield Toponym(offset + start, offset + end)


def _processor_seconds() -> float:
    """Of this process and of those that it has ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
