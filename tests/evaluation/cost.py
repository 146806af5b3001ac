"""What geography and grouping cost beside the model."""

from __future__ import annotations

import time

from pipeline.enrich import Enricher
from pipeline.story import Story
from tests.evaluation.entities.annotation import stories

ROUNDS = 5


def report(enricher: Enricher) -> str:
    """The section "Cost" of docs/quality.md: one process, one core, our own 40 stories."""
    texts = [a.story for a in stories()]
    enricher = Enricher(enricher.gazetteer, remembered=0)
    enricher.enrich(texts)  # warm: word lists, caches of the gazetteer
    best_model, best_all = float("inf"), float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for story in texts:
            _model_alone(enricher, story)
        middle = time.process_time()
        enricher.enrich(texts)
        end = time.process_time()
        best_model = min(best_model, middle - start)
        best_all = min(best_all, end - middle)
    tokens = sum(
        len(enricher.model("en").make_doc(text))
        for story in texts
        for text in (story.headline, story.body)
        if text
    )
    rest = best_all - best_model
    return "\n".join(
        [
            "## Cost",
            "",
            f"Processor time on {len(texts)} stories, {tokens:,} tokens, best of {ROUNDS} rounds:"
            f" the model alone {best_model:.2f} s ({tokens / best_model:,.0f} tokens/s), all of"
            f" enrichment {best_all:.2f} s ({tokens / best_all:,.0f} tokens/s). Geography, naming"
            f" and grouping are {rest / best_model:.1%} of the model's time,"
            f" {1e3 * rest / len(texts):.1f} ms a story.",
            "",
        ]
    )


def _model_alone(enricher: Enricher, story: Story) -> None:
    if story.headline:
        enricher.named(story.headline, "en", "headline")
    enricher.named(story.body, "en", "body")
