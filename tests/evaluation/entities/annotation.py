"""The annotated stories: mark-up to text, spans, types and groups (see GUIDELINE.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.wire.story import Dateline, Story

FOLDER = Path(__file__).parent
HELD_OUT_FROM = 26
"""Stories of this number and up were set aside unseen while the rules were made."""

MARK = re.compile(
    r"\[(?:(?P<label>[A-Z_]{3,11})(?::(?P<key>[\w-]+))?|(?P<again>[\w-]+))\|(?P<text>[^\]]+)\]"
)


@dataclass(frozen=True, slots=True)
class Span:
    """One annotated or found mention; `group` means something within its story only."""

    field: str
    start: int
    end: int
    label: str
    group: str


@dataclass(frozen=True, slots=True)
class Annotated:
    """A story with its gold spans."""

    name: str
    story: Story
    spans: tuple[Span, ...]

    @property
    def held_out(self) -> bool:
        """True for the stories that were not looked at while the rules were made."""
        return int(self.name[:2]) >= HELD_OUT_FROM


def stories(folder: str = "stories") -> Iterator[Annotated]:
    """The annotated stories in a folder beside this file, by name.

    Raises:
        ValueError: a story's mark-up is broken or uses a group that it never declares.
    """
    for path in sorted((FOLDER / folder).glob("*.txt")):
        yield read(path)


def read(path: Path) -> Annotated:
    """One annotated story."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    marked = {
        "headline": fields["headline"],
        "dateline": fields.get("dateline", ""),
        "body": body.strip(),
    }
    labels = {
        match["key"]: match["label"]
        for text in marked.values()
        for match in MARK.finditer(text)
        if match["key"]
    }
    spans: list[Span] = []
    plain: dict[str, str] = {}
    for field, text in marked.items():
        plain[field] = ""
        at = 0
        for match in MARK.finditer(text):
            plain[field] += text[at : match.start()]
            start = len(plain[field])
            plain[field] += match["text"]
            spans.append(Span(field, start, len(plain[field]), *_group(match, labels, path)))
            at = match.end()
        plain[field] += text[at:]
        if re.search(r"[\[\]|]", plain[field]):
            raise ValueError(f"{path.name}: broken mark-up in {field}")
    story = Story(
        id=f"eval:{path.stem}",
        source=fields["source"],
        headline=plain["headline"],
        byline=fields.get("byline"),
        dateline=Dateline(place=plain["dateline"]) if plain["dateline"] else None,
        body=plain["body"],
        language="en",
    )
    return Annotated(path.stem, story, tuple(spans))


def _group(match: re.Match[str], labels: dict[str, str], path: Path) -> tuple[str, str]:
    if match["again"]:
        if match["again"] not in labels:
            raise ValueError(f"{path.name}: group {match['again']} is never declared")
        return labels[match["again"]], match["again"]
    text = match["text"].casefold()
    if match["label"] == "NORP":  # "Russians" with "Russian"
        text = text.removesuffix("s")
    return match["label"], match["key"] or f"{match['label']}|{text}"
