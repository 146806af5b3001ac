"""What becomes of a story on its way through other agencies, portals and clients."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

Paragraphs = list[str]
Edit = Callable[[Paragraphs, str, Paragraphs], Paragraphs]
"""From a story's paragraphs, its headline, and paragraphs of another story."""

HOUSE_STYLE = (
    (r"\bU\.S\.", "US"), (r"\bU\.N\.", "UN"), (r"(\d)%", r"\1 percent"), (r"\bsaid\b", "says"),
    (r"\bGov\.", "Governor"), (r"\bSen\.", "Senator"), (r"\bmillion\b", "mln"),
    (r"\bkilometers\b", "km"), (r"\bkilometres\b", "km"), (r"\bprogramme\b", "program"),
    (r"\blabour\b", "labor"), (r"\bdefence\b", "defense"), (r"\bDefence\b", "Defense"),
    (r"\bon (Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b", r"\1day"), (r"\bat least\b", "at  least"),
    (r'"', "”"), (r"'", "’"), (r" - | — ", " – "),
)  # fmt: skip

CREDITS = (
    "This story has been published from a wire agency feed without modifications to the text.",
    "Copyright. All rights reserved. This material may not be published, broadcast, rewritten"
    " or redistributed.",
    "Reporting by our correspondents; editing by the night desk.",
    "Follow us for more news from around the world. Sign up for the morning newsletter here.",
)


def reprint(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """Whole, under another dateline."""
    return [f"LONDON, March 3 (Newsdesk) — {story[0]}", *story[1:]]


def house_style(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """Every abbreviation, quotation mark and "said" in another house's style."""
    for pattern, replacement in HOUSE_STYLE:
        story = [re.sub(pattern, replacement, paragraph) for paragraph in story]
    return story


def with_credits(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """Between a portal's own lines."""
    return ["By Staff Reporter", *story, *CREDITS]


def cut_to_half(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """Without its lower half."""
    return story[: (len(story) + 1) // 2]


def cut_to_three(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """The first three paragraphs."""
    return story[:3]


def new_lead(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """The first paragraph replaced by another sentence."""
    return [f"{headline}, officials and residents told reporters in the course of the day.",
            *story[1:]]  # fmt: skip


def extended(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """With paragraphs of other correspondents between and below its own."""
    return [*story[:3], *other[-4:-2], *story[3:], *other[-2:]]


def thinned(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """Every third paragraph out, to fit."""
    return [paragraph for n, paragraph in enumerate(story) if n % 3 != 2]


def shuffled(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """The lead, then the rest from the bottom up."""
    return [story[0], *reversed(story[1:])]


def cut_and_styled(story: Paragraphs, headline: str, other: Paragraphs) -> Paragraphs:
    """The upper half, in house style, with credits: what most portals print."""
    for edit in (cut_to_half, house_style, with_credits):
        story = edit(story, headline, other)
    return story


EDITS: Mapping[str, Edit] = {
    edit.__name__.replace("_", " "): edit
    for edit in (
        reprint, house_style, with_credits, cut_to_half, cut_to_three, new_lead, extended,
        thinned, shuffled, cut_and_styled,
    )
}  # fmt: skip


def digest(stories: Sequence[Paragraphs]) -> Paragraphs:
    """A round-up: of each story its lead."""
    return [story[0] for story in stories]
