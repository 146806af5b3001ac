"""`python -m tests.bench.naive BROKER URL TOPIC INDEX worker`: an agent as tutorials write it.

It reads one story at a time and indexes it before it takes the next: no batch, no version,
no dead letter. What newswire is measured against, not a way to do it.
"""

from __future__ import annotations

import sys

import faust
import orjson
from elasticsearch import AsyncElasticsearch

BROKER, URL, TOPIC, INDEX = sys.argv[1:5]
app = faust.App(
    f"naive-{INDEX}",
    broker=f"kafka://{BROKER}",
    web_enabled=False,
    topic_allow_declare=False,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    datadir=f"/tmp/naive-{INDEX}",
)
client = AsyncElasticsearch(URL)


@app.agent(app.topic(TOPIC, value_serializer="raw"))
async def index(stories):  # type: ignore[no-untyped-def]
    async for raw in stories:
        story = orjson.loads(raw)
        await client.index(index=INDEX, id=story["id"], document=story)


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "--without-web", "--loglevel=error"]
    app.main()
