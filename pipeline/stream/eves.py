"""Which day's story a kill or a new version belongs to that was filed after midnight.

Where the wire gives no ids, an id is made of the day, so that tomorrow's weather is another story
than today's. A writethru at 00:20 then has another id than its story of 23:50. It carries both
(`Story.eve_id`), and here one is chosen, from what is known when it is enriched:

- A version whose own day has the story already belongs there.
- Else a kill withdraws the story of the day before, whether that one has arrived or not; under its
  own day's id it withdraws only what was filed before it, so tomorrow's weather may come.
- Else another version becomes one of the day before's story if that is known and not older than
  CONTINUES, or has a lower number. If not, it stays a story of its own day.

The choice is kept in the record, so that a rebuild does not make it again, and a replay makes the
same one: what a kill has withdrawn tells that it was chosen so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import msgspec

from pipeline.wire import ids
from pipeline.wire.story import Status, Story
from pipeline.wire.versions import index_version, is_kill_of_eve, is_soon_after

CONTINUES = timedelta(hours=12)
"""How long after its last version a story of the day before still gets new ones."""


def needed(story: Story) -> Iterable[str]:
    """Return the ids, beside its own, whose newest versions decide where a story belongs."""
    if story.eve_id is None:
        return ()
    return (ids.story_of(story.id), ids.story_of(story.eve_id))


def placed(story: Story, known: Mapping[str, int], revision: int) -> Story:
    """Return a story under the id that it belongs to.

    A kill that belongs to the day before keeps its id and its `eve_id`: what indexes it withdraws
    both. Every other story comes back without one.

    Args:
        known: the newest index version of each id that has one.
        revision: of the enrichment.
    """
    if story.eve_id is None:
        return story
    of_own_day = msgspec.structs.replace(story, eve_id=None)
    of_eve = under(story, story.eve_id)
    own, eve = known.get(ids.story_of(story.id)), known.get(ids.story_of(of_eve.id))
    if story.status is Status.WITHDRAWN:
        if own is None or is_kill_of_eve(own):
            return story
        was_chosen = eve is not None and eve >= index_version(of_eve, revision)
        return story if was_chosen and own < index_version(of_own_day, revision) else of_own_day
    if own is None:
        goes_on = eve is not None and is_soon_after(of_eve, eve, CONTINUES)
        return of_eve if goes_on else of_own_day
    return of_eve if is_kill_of_eve(own) else of_own_day


def under(story: Story, story_id: str) -> Story:
    """Return a version under another id; a take's link follows."""
    links = tuple(
        msgspec.structs.replace(link, href=ids.story_of(story_id))
        if link.href == ids.story_of(story.id)
        else link
        for link in story.links
    )
    return msgspec.structs.replace(story, id=story_id, eve_id=None, former_ids=(), links=links)
