"""What geography and grouping cost beside the model."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np

from pipeline.enrich.enricher import Enricher, Found
from tests.bench.stories import stream
from tests.evaluation.entities.annotation import stories

LONG = 60
"""Stories of an agency's length that are measured."""


def report(enricher: Enricher) -> str:
    """The section "Cost" of docs/quality.md: one process, on our own 40 stories.

    Each half is read once, after the other, so that word lists are loaded and the caches of names
    know what another day's news has taught them, but not these stories.
    """
    every = [a.story for a in stories()]
    halves = every[::2], every[1::2]
    timed = _Timed(enricher.gazetteer, remembered=0)
    timed.enrich(halves[1])
    timed.seconds = whole = 0.0
    for half in halves:
        start = time.thread_time()
        timed.enrich(half)
        whole += time.thread_time() - start
    model = timed.seconds
    tokens = sum(
        len(enricher.model("en").make_doc(text))
        for story in every
        for text in (story.headline, story.body)
        if text
    )
    return "\n".join(
        [
            "## Cost",
            "",
            f"Processor time on {len(every)} stories, {tokens:,} tokens: the model alone"
            f" {model:.2f} s ({tokens / model:,.0f} tokens/s), all of enrichment {whole:.2f} s"
            f" ({tokens / whole:,.0f} tokens/s). Geography, naming and grouping are"
            f" {(whole - model) / model:.1%} of the model's time,"
            f" {1e3 * (whole - model) / len(every):.1f} ms a story.",
            "",
            _long(timed),
            "",
        ]
    )


def _long(timed: _Timed) -> str:
    """Says what a story of an agency's length costs, and what its matrix products must."""
    timed.enrich(stream(8, seed=98))
    made = stream(LONG)
    timed.seconds = 0.0
    start = time.thread_time()
    for at in range(0, LONG, 2):
        timed.enrich(made[at : at + 2])
    whole, model = time.thread_time() - start, timed.seconds
    nlp = timed.model("en")
    tokens = sum(len(nlp.make_doc(story.body)) for story in made) / LONG
    products = sum(
        node.get_param("W").size for node in nlp.get_pipe("ner").model.walk() if node.has_param("W")
    )
    least = tokens * products / _rate()
    return (
        f"A story of {sum(len(s.body) for s in made) / LONG / 1000:.1f} kB ({tokens:,.0f} tokens;"
        f" `tests/bench/stories.py`), two at a time: {1e3 * whole / LONG:.1f} ms, of it the model"
        f" {1e3 * model / LONG:.1f} ms. Its matrix products, {products / 1e6:.2f} million"
        f" multiplications a token, take {1e3 * least:.1f} ms at the rate of this core"
        f" ({_rate() / 1e9:.0f} thousand million a second): less is not possible with this model."
    )


@cache
def _rate() -> float:
    """Returns the multiplications a second of a matrix product of the model's shape."""
    x, y = np.ones((192, 288), dtype=np.float32), np.ones((288, 288), dtype=np.float32)
    start = time.thread_time()
    for _ in range(300):
        np.dot(x, y)
    return 300 * 192 * 288 * 288 / (time.thread_time() - start)


class _Timed(Enricher):
    """An enricher that knows how long its model took."""

    seconds = 0.0

    def _read(self, *of_a_batch: Any) -> Found:
        start = time.thread_time()
        found = super()._read(*of_a_batch)
        self.seconds += time.thread_time() - start
        return found
