"""The takes of a story, found in the index right after they were written."""

from __future__ import annotations

import asyncio

from config.settings import load
from pipeline.index.client import connect
from pipeline.index.document import document
from pipeline.index.setup import setup_index
from pipeline.index.writer import Write, Writer
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.ids import take_id
from pipeline.wire.story import Story
from tests.servers import Engine

PROVENANCE = Provenance(pipeline="t", model="none", gazetteer="none", revision=1)


def test_takes_are_found_by_their_story(engine: Engine, prefix: str) -> None:
    """All of them, before any refresh, page after page, and none of a story with a longer name."""
    environ = {
        "NEWSWIRE_ELASTICSEARCH__URL": engine.elasticsearch_url,
        "NEWSWIRE_ELASTICSEARCH__INDEX": prefix,
    }
    settings = load(environ=environ).elasticsearch
    setup_index(settings)
    takes = [take_id("TW:ferry", number) for number in range(1001)]
    others = ["TW:ferry", "TW:ferry strike", take_id("TW:ferry strike", 1)]
    record = (Enriched(story=Story(id=name), provenance=PROVENANCE) for name in takes + others)
    writes = [Write(each.story.id, 1, document(each)) for each in record]

    async def found() -> list[str]:
        async with connect(settings) as client:
            writer = Writer(client, settings)
            await writer.write(writes)
            return await writer.takes(["TW:ferry", "TW:nothing"])

    assert sorted(asyncio.run(found())) == sorted(takes)
