"""The wire that the torture delivers is what the formats read it as."""

from __future__ import annotations

import random

import pytest

from connectors.formats import FORMATS
from connectors.formats.base import Context
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Status
from tests.records import last_of
from tests.torture.model import wire

SEEDS = range(1, 6)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_version_is_read_as_the_model_has_it(seed: int) -> None:
    """A version's file gives one story with the model's id, number, status and embargo."""
    for story in wire(seed, 40).stories:
        for version in story.versions:
            (read,) = FORMATS["nitf"](version.raw, Context()).stories
            assert read.id == version.story_id
            assert read.version == version.number
            assert (read.status is Status.WITHDRAWN) == version.killed
            assert read.embargoed_until == version.embargoed_until
            assert version.marker in read.body


@pytest.mark.parametrize("seed", SEEDS)
def test_the_model_and_the_pipeline_agree_on_the_newest(seed: int) -> None:
    """What the model says is left of a story is left of it in every order of arrival."""
    rng = random.Random(seed)
    for story in wire(seed, 40).stories:
        read = {v.marker: FORMATS["nitf"](v.raw, Context()).stories[0] for v in story.versions}
        for _ in range(10):
            arriving = rng.sample(list(read.values()), len(read))
            assert last_of(arriving) == read[story.newest.marker]


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_deliveries_are_read_by_no_format(seed: int) -> None:
    """A damaged delivery gives no story and a dead letter."""
    for raw in wire(seed, 40).damaged:
        try:
            parsed = FORMATS["nitf"](raw, Context())
        except ParseError:
            continue
        assert not parsed.stories
        assert parsed.errors


def test_a_seed_gives_the_same_bytes() -> None:
    """The same seed makes the same deliveries in the same order, another seed others."""
    assert wire(1, 20) == wire(1, 20)
    assert wire(1, 20).deliveries != wire(2, 20).deliveries
