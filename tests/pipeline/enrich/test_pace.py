"""How long an NLP process is expected to take, and so how much it is given at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from pipeline.enrich.pace import FALLS, KINDS, Pace
from pipeline.enrich.pool import BATCH_SECONDS, NlpPool
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.story import Story

FRESH_SECONDS = 0.05
"""What a paragraph costs in `Reading` that it has not read."""


class Reading:
    """Takes its time for each paragraph that it has not read before, and none for others.

    Its model is named by the number of stories that it has enriched.
    """

    models = ("en test",)

    def __init__(self) -> None:
        self._read: set[str] = set()
        self._stories = 0

    def read_ahead(self, stories: Sequence[Story]) -> None:
        """There is nothing to read ahead."""

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """See `pipeline.enrich.pool.Enrich`."""
        return [self._enrich(story) for story in stories]

    def _enrich(self, story: Story) -> Enriched:
        for fresh in set(story.body.split("\n\n")) - self._read:
            self._read.add(fresh)
            time.sleep(FRESH_SECONDS)
        self._stories += 1
        made = Provenance(model=str(self._stories), gazetteer="none", revision=1)
        return Enriched(story=story, provenance=made)


def paragraph(number: int) -> str:
    """A paragraph of 100 characters."""
    return f"{number:0100}"


def story(number: int, *paragraphs: int) -> Story:
    """A story of some paragraphs."""
    return Story(id=f"t:{number}", language="en", body="\n\n".join(map(paragraph, paragraphs)))


def learn(pace: Pace, told: Story, seconds: float) -> None:
    """Tell the pace a few times what stories like one take, each read for the first time."""
    for number in range(1000, 1020):
        pace.took([story(number, number)], 0, seconds)
        pace.took([told], 0, 0.001)


def test_text_that_was_read_before_is_cheap_and_other_text_is_not() -> None:
    """What versions cost that a process remembers says nothing of fresh text."""
    pace = Pace(1, 0.01)
    known = story(1, 1)
    learn(pace, known, 0.5)
    assert pace.seconds(pace.text(known, 0)) < 0.05
    assert 0.4 < pace.seconds(pace.text(story(2, 2), 0)) < 0.6


def test_what_one_process_has_read_is_fresh_to_another() -> None:
    """Each process remembers its own; a new one remembers nothing."""
    pace = Pace(2, 0.01)
    known = story(1, 1)
    learn(pace, known, 0.5)
    assert pace.seconds(pace.text(known, 1)) > 0.4
    pace.forget(0)
    assert pace.seconds(pace.text(known, 0)) > 0.4


def test_each_language_has_a_price_of_its_own() -> None:
    """Stories of a language that no model reads do not make those of another look quick."""
    pace = Pace(1, 0.01)
    learn(pace, story(1, 1), 0.5)
    for number in range(2000, 2030):
        pace.took([Story(id=f"u:{number}", language="uk", body=paragraph(number))], 0, 0.0)
    assert 0.4 < pace.seconds(pace.text(story(2, 2), 0)) < 0.6


def test_languages_that_a_feed_makes_up_are_forgotten() -> None:
    """A worker runs for months: of more kinds of text than KINDS the oldest goes."""
    pace = Pace(1, 0.01)
    for number in range(KINDS + 10):
        pace.took([Story(id="t", language=f"x-{number}", body=paragraph(number))], 0, 0.1)
    assert len(pace._prices) == KINDS
    assert f"x-{KINDS + 9}" in pace._prices


def test_a_price_that_was_too_low_is_corrected_at_once() -> None:
    """One batch that took longer is believed; one that was quicker in part."""
    pace = Pace(1, 0.0001)
    pace.took([story(1, 1)], 0, 2.0)
    assert pace.seconds(pace.text(story(2, 2), 0)) == pytest.approx(2.0)
    pace.took([story(3, 3)], 0, 0.0)
    assert pace.seconds(pace.text(story(4, 4), 0)) == pytest.approx(2.0 * (1 - FALLS))


def test_an_urgent_story_waits_for_no_more_fresh_text_than_the_bound() -> None:
    """A process that was quick, for it remembered, is given little that it has not read."""

    async def act() -> int:
        pool = NlpPool(Reading, processes=1, batch_chars=200)
        await pool.start()
        try:
            for number in range(10):
                await pool.enrich([story(number, number)])
            for _ in range(20):  # what it remembers
                await pool.enrich([story(number, *range(10)) for number in range(10)])
            fresh = [story(100 + number, 100 + number) for number in range(40)]
            backlog = asyncio.create_task(pool.enrich(fresh, 1))
            for _ in range(10):  # until it has been given the first of them
                await asyncio.sleep(0)
            (urgent,) = await pool.enrich([story(999, 999)], 0)
            first = (await backlog)[0]
        finally:
            pool.close()
        assert isinstance(urgent, Enriched)
        assert isinstance(first, Enriched)
        return int(urgent.provenance.model) - int(first.provenance.model)

    assert asyncio.run(act()) <= BATCH_SECONDS / FRESH_SECONDS + 1
