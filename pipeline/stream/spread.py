"""What a kill withdraws beside its own story: the story's takes, and that of the day before.

A take ("1st Add") is an item of its own, which may come before the kill or after it, by another
partition. So whoever indexes a kill looks for takes, whoever indexes a take looks for a kill, and
each looks after it has written: the second of them sees the other. What follows is a kill on the
enriched topic like any other, with the version of the first one: a repeat changes nothing, and a
rebuild finds it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from pipeline.index.document import Document, enriched
from pipeline.index.writer import Write
from pipeline.wire import ids
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Link, Status


class Index(Protocol):
    """What is asked of the index: see `pipeline.index.writer.Writer`."""

    async def newest(self, ids: Iterable[str]) -> dict[str, int]: ...
    async def documents(self, ids: Iterable[str]) -> dict[str, tuple[int, Document]]: ...
    async def takes(self, ids: Iterable[str]) -> list[str]: ...


async def killed_takes(index: Index, writes: Sequence[Write]) -> set[tuple[str, int]]:
    """Return ids and versions of new takes of withdrawn stories: not to be shown."""
    takes = [write for write in writes if _is_shown(write) and ids.is_take(write.id)]
    if not takes:
        return set()
    withdrawn = await _withdrawn(index, (ids.story_of(take.id) for take in takes))
    held = await index.newest(take.id for take in takes)
    return {
        (take.id, take.version)
        for take in takes
        if (kill := withdrawn.get(ids.story_of(take.id)))
        and held.get(take.id, -1) < take.version < _of_take(kill, take.id).index_version
    }


async def kills(index: Index, writes: Sequence[Write]) -> list[Enriched]:
    """Return the kills that follow from what was just indexed, or found to be there already."""
    takes = {write.id for write in writes if _is_shown(write) and ids.is_take(write.id)}
    killed = [write for write in writes if not (_is_shown(write) or ids.is_take(write.id))]
    if not (takes or killed):
        return []
    stories = {write.id for write in killed}
    withdrawn = await _withdrawn(index, stories | set(map(ids.story_of, takes)))
    takes |= set(await index.takes(stories & withdrawn.keys()))
    found = [
        _of_take(withdrawn[ids.story_of(take)], take)
        for take in sorted(takes)
        if ids.story_of(take) in withdrawn
    ]
    found += [_of_eve(write) for write in killed if write.document.get("eve_id")]
    held = await index.newest(kill.story.id for kill in found)
    newest: dict[str, Enriched] = {}
    for kill in found:
        if kill.index_version > held.get(kill.story.id, -1):
            held[kill.story.id] = kill.index_version
            newest[kill.story.id] = kill
    return list(newest.values())


async def _withdrawn(index: Index, stories: Iterable[str]) -> dict[str, Enriched]:
    """Return the kills of those stories that the index holds as withdrawn."""
    held = await index.documents(dict.fromkeys(stories))
    return {
        name: enriched(document)
        for name, (_, document) in held.items()
        if document["status"] == Status.WITHDRAWN
    }


def _of_take(kill: Enriched, take: str) -> Enriched:
    """Return a story's kill as that of one of its takes."""
    first = Link(href=kill.story.id, rel="first-take")
    story = msgspec.structs.replace(kill.story, id=take, former_ids=(), links=(first,))
    return msgspec.structs.replace(kill, story=story, follows=None)


def _of_eve(write: Write) -> Enriched:
    """Return a kill as that of the story of the day before."""
    kill = enriched(write.document)
    story = msgspec.structs.replace(
        kill.story, id=kill.story.eve_id or kill.story.id, eve_id=None, former_ids=()
    )
    return msgspec.structs.replace(kill, story=story, follows=None)


def _is_shown(write: Write) -> bool:
    return bool(write.document["status"] != Status.WITHDRAWN)
