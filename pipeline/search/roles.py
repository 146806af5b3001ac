"""What people are called over time: the titles that stories print before a name, with periods.

"Kim Jong Un: leader, 412 stories". A title is as good as the stories that print it; two people of
one name are not told apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

import msgspec

from pipeline.index.document import Document
from pipeline.search.facets import FACETS
from pipeline.search.visible import Clause
from pipeline.wire.labels import Label

FIELDS = ("published_at", *(f"entities.{name}" for name in ("label", "text", "name", "title")))
"""What is read of each story."""
MOST = 20_000
"""Stories of one answer: of a person with more the newest."""


class PersonRole(msgspec.Struct, frozen=True, kw_only=True):
    """A title of a person, and when stories printed it."""

    title: str
    stories: int
    since: datetime
    """When the first story with it was published."""
    until: datetime
    """When the last one was."""


class PersonRoles(msgspec.Struct, frozen=True, kw_only=True):
    """The titles of a person, the most frequent first."""

    person: str
    stories: int
    """Visible stories that name the person, with a title or without."""
    complete: bool
    """False where there are more, older ones."""
    roles: tuple[PersonRole, ...] = ()


def named(name: str) -> Clause:
    """Return the clause of the stories that name a person."""
    return FACETS["person"].clause([name])


def found(name: str, documents: Iterable[Document]) -> PersonRoles:
    """Return the titles of a person in stories; those that differ in capitals alone are one."""
    spelt: dict[str, Counter[str]] = defaultdict(Counter)
    times: dict[str, list[datetime]] = defaultdict(list)
    stories = 0
    for document in documents:
        stories += 1
        titles = {title.lower(): title for title in _titles(name, document)}
        for key, title in titles.items():
            spelt[key][title] += 1
            times[key].append(datetime.fromisoformat(document["published_at"]))
    roles = [
        PersonRole(
            title=max(spelt[key], key=lambda title: (spelt[key][title], title)),
            stories=len(at),
            since=min(at),
            until=max(at),
        )
        for key, at in times.items()
    ]
    roles.sort(key=lambda role: (-role.stories, role.title))
    return PersonRoles(person=name, stories=stories, complete=stories < MOST, roles=tuple(roles))


def _titles(name: str, document: Document) -> Iterable[str]:
    """Return the titles that a story gives a person."""
    return (
        entity["title"]
        for entity in document.get("entities", ())
        if entity["label"] == Label.PERSON
        and entity.get("title")
        and (entity.get("name") or entity["text"]).lower() == name.lower()
    )
