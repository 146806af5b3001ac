"""How many requests a story costs Elasticsearch: of stories that come alone, and of a crowd."""

from __future__ import annotations

import time
from collections.abc import Callable

from elasticsearch import Elasticsearch

from tests.bench.rig import Rig, rig, until
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream

IDLE_SECONDS = 20.0
APART_SECONDS = 2.0
"""Between two stories that come alone."""


def report(where: Where, sizes: Sizes) -> str:
    """The section on requests."""
    alone, crowd = max(2, sizes.enriched // 40), sizes.enriched
    own = rig(where.engine, where.folder, NEWSWIRE_ENRICHMENT__MODEL="none")
    with own as system, system.worker():
        system.publish(stream(4, seed=99))
        until(lambda: system.indexed() == 4)
        idle = _while(system, lambda: time.sleep(IDLE_SECONDS)) / IDLE_SECONDS

        def one_by_one() -> None:
            for story in stream(alone, seed=1):
                system.publish([story])
                time.sleep(APART_SECONDS)

        single = (_while(system, one_by_one) - idle * alone * APART_SECONDS) / alone
        began = time.monotonic()

        def all_at_once() -> None:
            system.publish(stream(crowd, seed=2))
            until(lambda: system.indexed() == 4 + alone + crowd, every=1.0)

        many = _while(system, all_at_once)
        looks = time.monotonic() - began  # the count of `indexed`, once a second
        together = (many - looks - idle * looks) / crowd
    return f"""## Requests

`python -m tests.bench requests`

HTTP requests to Elasticsearch, as it counts them, of a worker without a model. {alone} stories that
came {APART_SECONDS:.0f} s apart, then {crowd} at once.

| | requests |
|---|---|
| an idle worker, a minute | {60 * idle:.0f} |
| a story that comes alone | {max(0.0, single):.1f} |
| a story of a crowd | {max(0.0, together):.2f} |
"""


def _while(system: Rig, do: Callable[[], object]) -> float:
    before = _requests(system)
    do()
    return _requests(system) - before


def _requests(system: Rig) -> float:
    """All requests that the node has answered."""
    with Elasticsearch(system.engine.elasticsearch_url) as client:
        nodes = client.nodes.stats(metric="http")["nodes"].values()
    return sum(
        route["requests"]["count"]
        for node in nodes
        for route in node["http"].get("routes", {}).values()
    )
