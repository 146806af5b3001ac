"""Stories to measure with: written by us, of the length of an agency's, in versions.

Paragraphs are those of the annotated stories, each made unlike any other by a sentence with
a number, so that no story is answered from another's; only the versions of one story share
paragraphs, as a writethru does with the version before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from pipeline.story import Story
from tests.evaluation.entities.annotation import stories as annotated

PARAGRAPHS = 28
"""Of a story: about 6 kB, 1,100 to 1,200 tokens."""
BEGAN = datetime(2026, 3, 1, 6, tzinfo=UTC)


def stream(stories: int, versions: int = 1, kept: float = 0.9, seed: int = 1) -> list[Story]:
    """Stories in the order of arrival; versions of one come after one another, among others.

    Args:
        versions: of each story.
        kept: the share of paragraphs that a version takes over from the one before.
    """
    draw = random.Random(seed)
    made = [list(_versions(f"bench:{seed}:{n}", versions, kept, draw)) for n in range(stories)]
    return [story for number in range(versions) for story in (m[number] for m in made)]


def _versions(name: str, versions: int, kept: float, draw: random.Random) -> Iterator[Story]:
    body = [_paragraph(draw) for _ in range(PARAGRAPHS)]
    for version in range(1, versions + 1):
        if version > 1:
            body = [p if draw.random() < kept else _paragraph(draw) for p in body]
        yield Story(
            id=name,
            source="Bench",
            version=version,
            headline=f"{body[0][:60]} ({version})",
            body="\n\n".join(body),
            language="en",
            version_created=BEGAN + timedelta(minutes=version),
        )


def _paragraph(draw: random.Random) -> str:
    return f"{draw.choice(_paragraphs())} It was item {draw.randrange(10**9):,} on the list."


@cache
def _paragraphs() -> Sequence[str]:
    return [part for one in annotated() for part in one.story.body.split("\n\n") if len(part) > 120]
