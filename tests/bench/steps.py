"""What the worker does with a story by itself, step by step: no server, no model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from pipeline.events.fingerprints import Fingerprint
from pipeline.events.fingerprints import fingerprint as read_for_events
from pipeline.events.groups import Groups
from pipeline.index import fingerprint as duplicates
from pipeline.index.document import document
from pipeline.index.stems import folded
from pipeline.wire import codec
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream
from tests.bench.worker import Sleeping

WARM_UP = 5
"""One story in so many comes before the measured ones: it fills what is remembered of words."""
SETTLED = 500
"""Stories that are grouped at a time: the worker's largest batch."""


def report(where: Where, sizes: Sizes) -> str:
    """The section on the worker's own steps."""
    rows = "\n".join(f"| {name} | {spent:.2f} |" for name, spent in _measured(sizes.steps).items())
    return f"""## The worker's own steps

`python -m tests.bench steps`

CPU milliseconds a story of 6 kB in one process, over {sizes.steps:,} stories whose enrichment found
nothing, each paragraph with a number that no other has. What a step contains stands below it.

| step | ms |
|---|---|
{rows}
"""


def _measured(count: int) -> dict[str, float]:
    stories = stream(count + count // WARM_UP)
    spent: dict[str, float] = {}

    def take(name: str, step: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
        done = [step(value) for value in values[: count // WARM_UP]]
        began = time.process_time()
        done += [step(value) for value in values[count // WARM_UP :]]
        spent[name] = 1e3 * (time.process_time() - began) / count
        return done

    raw = [codec.encode(story) for story in stories]
    records = Sleeping(0).enrich(take("decode a story", codec.decode_story, raw))
    around = list(zip(records, raw, strict=True))
    enriched = take("encode it enriched", lambda each: codec.encode_around(*each), around)
    take("decode it again", codec.decode_enriched, enriched)
    documents = take("make its document", document, records)
    take("– its words folded", lambda each: folded(each.body, "en"), stories)
    take("– what near-duplicates share", lambda each: duplicates.fingerprint(each.body), stories)
    take("write the document as JSON", orjson.dumps, documents)
    now = datetime.now(UTC)
    read = take("read it for events", lambda each: read_for_events(each, 1, now), documents)
    named = list(zip((story.id for story in stories), read, strict=True))
    spent["group it into events"] = _grouped(named[-count:])
    return spent


def _grouped(read: Sequence[tuple[str, Fingerprint]]) -> float:
    groups = Groups()
    began = time.process_time()
    for at in range(0, len(read), SETTLED):
        for story, found in read[at : at + SETTLED]:
            groups.take(story, found)
        groups.settle()
    return 1e3 * (time.process_time() - began) / len(read)
