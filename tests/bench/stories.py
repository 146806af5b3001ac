"""Stories to measure with: written by us, of the length of an agency's, in versions.

A story's paragraphs are those of three annotated ones, so that its names come again as in a
long story, each made unlike any other by a sentence with a number, so that no story is
answered from another's: only versions of one story share paragraphs, as writethrus do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from pipeline.wire.story import Story
from tests.evaluation.entities.annotation import stories as annotated

PARAGRAPHS = 28
"""Of a story: about 6 kB, 1,100 to 1,200 tokens."""
BEGAN = datetime(2026, 3, 1, 6, tzinfo=UTC)


def stream(
    stories: int, versions: int = 1, kept: float = 0.9, seed: int = 1, paragraphs: int = PARAGRAPHS
) -> list[Story]:
    """Stories in the order of arrival; versions of one come after one another, among others.

    Args:
        versions: of each story.
        kept: the share of paragraphs that a version takes over from the one before.
    """
    draw = random.Random(seed)
    made = [
        list(_versions(f"bench:{seed}:{n}", versions, kept, draw, paragraphs))
        for n in range(stories)
    ]
    return [story for number in range(versions) for story in (m[number] for m in made)]


def pool() -> list[str]:
    """All paragraphs that stories are made of, as they were written."""
    return [part for parts in _sources() for part in parts]


def _versions(
    name: str, versions: int, kept: float, draw: random.Random, paragraphs: int
) -> Iterator[Story]:
    found = [part for parts in draw.sample(_sources(), 3) for part in parts]
    body = [_paragraph(draw, found) for _ in range(paragraphs)]
    for version in range(1, versions + 1):
        if version > 1:
            body = [p if draw.random() < kept else _paragraph(draw, found) for p in body]
        yield Story(
            id=name,
            source="Bench",
            version=version,
            headline=f"{body[0][:60]} ({version})",
            body="\n\n".join(body),
            language="en",
            version_created=BEGAN + timedelta(minutes=version),
        )


def _paragraph(draw: random.Random, found: Sequence[str]) -> str:
    return f"{draw.choice(found)} It was item {draw.randrange(10**9):,} on the list."


@cache
def _sources() -> Sequence[Sequence[str]]:
    return [[p for p in one.story.body.split("\n\n") if len(p) > 120] for one in annotated()]
