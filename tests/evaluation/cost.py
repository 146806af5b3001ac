"""What geography and grouping cost beside the model."""

from __future__ import annotations

import time
from typing import Any

from pipeline.enrich.enricher import Enricher, Found
from tests.evaluation.entities.annotation import stories


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
        ]
    )


class _Timed(Enricher):
    """An enricher that knows how long its model took."""

    seconds = 0.0

    def _read(self, *of_a_batch: Any) -> Found:
        start = time.thread_time()
        found = super()._read(*of_a_batch)
        self.seconds += time.thread_time() - start
        return found
