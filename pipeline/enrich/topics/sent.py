"""The topics that a story's own codes, categories and slug say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.enrich.topics.codes import ANPA, BELOW, LETTERS, SLUGS, TOP, WORDS, top_of
from pipeline.wire.enriched import Topic
from pipeline.wire.story import Story, Subject

_CODE = re.compile(r"\d{8}")
_AP_SLUG = re.compile(r"(?:(?:AM|PM|BC|AP)-)?([A-Z]{3})--")
_ONE_LETTER = frozenset({"anpa1312", "iptc7901", "ap_media", "text"})
"""The formats whose categories are of one letter or of dpa's two."""
_NO_IPTC = frozenset({"geo", "loc", "location", "isin", "ric"})
_MOST = 12


def sent_topics(story: Story) -> tuple[Topic, ...]:
    """Returns the topics that the wire sent, those of the first level first, each once."""
    found = [*_of_subjects(story), *_of_categories(story), *_of_slug(story)]
    named = {topic.code: topic for topic in reversed(found) if topic.name}
    once = dict.fromkeys(named.get(topic.code, topic) for topic in found)
    return tuple(sorted(once, key=lambda topic: topic.level)[:_MOST])


def _top(code: str | None) -> Iterator[Topic]:
    if code is not None:
        yield Topic(code=code, name=TOP[code], level=1, relation="sent")


def _of_subjects(story: Story) -> Iterator[Topic]:
    for subject in story.subjects:
        scheme = (subject.scheme or "").casefold()
        if scheme in _NO_IPTC:
            continue
        if subject.code and _CODE.fullmatch(subject.code):
            yield from _of_code(subject)
        else:
            yield from _top(LETTERS.get(subject.code or ""))
            yield from _top(WORDS.get((subject.name or "").casefold()))


def _of_code(subject: Subject) -> Iterator[Topic]:
    """Yields what an IPTC code of eight digits says: a media topic or a subject code."""
    code = subject.code or ""
    if (top := top_of(code)) is not None:
        yield from _top(top)
        if code in BELOW:
            yield Topic(code=code, name=BELOW[code][0], level=2, relation="sent")
        return
    if (top := f"{code[:2]}000000") in TOP:
        yield from _top(top)
        matter = f"{code[:5]}000"  # a subject code's second level, the subject matter
        yield Topic(
            code=matter, name=subject.name if code == matter else None, level=2, relation="sent"
        )


def _of_categories(story: Story) -> Iterator[Topic]:
    for category in story.categories:
        if story.format in _ONE_LETTER:
            yield from _top(ANPA.get(category.casefold()))
        yield from _top(LETTERS.get(category))
        yield from _top(WORDS.get(category.casefold()))


def _of_slug(story: Story) -> Iterator[Topic]:
    """Yields what a slug begins with: "BC-BKN--", "SOCCER-ENGLAND/", "1 POLITICS Brexit"."""
    slug = story.slugline or ""
    if story.format == "iptc7901":  # its keywords: "Germany-politics"
        for part in re.split(r"[/-]", slug):
            yield from _top(WORDS.get(part.strip().casefold()))
        return
    if match := _AP_SLUG.match(slug):
        yield from _top(SLUGS.get(match[1]))
        return
    first = re.split(r"[/-]|\s\d", re.sub(r"^\d+\s+", "", slug))[0].strip()
    word = first.split(" ")[0] if slug[:1].isdigit() else first
    # One word of a headline-like slug may be anything: desks stand in capitals or before a stroke.
    if word.isupper() or "/" in slug:
        yield from _top(WORDS.get(word.casefold()))
