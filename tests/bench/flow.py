"""Stories through the whole of it, timed: what the parts of the benchmark have in common."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.wire.story import Story
from tests.bench.rig import Rig, cpu_seconds, family, server_seconds, until
from tests.bench.stories import stream


@dataclass(frozen=True, slots=True)
class Flow:
    """One run: how long, and what it cost in processor seconds."""

    stories: int
    seconds: float
    """From the first publish until the last story can be found."""
    worker: float
    """The worker's own process: Kafka, versions, documents, bulk."""
    nlp: float
    """Its NLP processes."""
    publisher: float
    broker: float
    index: float

    @property
    def servers(self) -> float:
        """Kafka and Elasticsearch."""
        return self.broker + self.index

    @property
    def total(self) -> float:
        """All of them."""
        return self.worker + self.nlp + self.publisher + self.servers

    @property
    def rate(self) -> float:
        """Stories a second."""
        return self.stories / self.seconds

    def per_story(self, seconds: float) -> str:
        """Milliseconds of processor time a story."""
        return f"{1e3 * seconds / self.stories:.2f}"


def timed(rig: Rig, worker: Sequence[str], stories: Sequence[Story], warm_up: int = 8) -> Flow:
    """Stories published to a worker that is warm, until the last can be found."""
    last = max(story.version or 1 for story in stories)
    ids = len({story.id for story in stories})
    warm = stream(warm_up, seed=99)
    with rig.worker(*worker) as process:
        rig.publish(warm)
        until(lambda: rig.indexed() == len(warm))
        before = _costs(rig, process.pid)
        published: list[float] = []

        def publish() -> None:
            began = time.thread_time()
            rig.publish(stories)
            published.append(time.thread_time() - began)

        began = time.monotonic()
        thread = threading.Thread(target=publish)
        thread.start()
        until(lambda: rig.indexed() == len(warm) + ids)
        seconds = until(lambda: last == 1 or rig.newest(last) == ids) - began
        thread.join()
        after = _costs(rig, process.pid)
    spent = [b - a for a, b in zip(before, after, strict=True)]
    return Flow(len(stories), seconds, spent[0], spent[1], published[0], spent[2], spent[3])


def _costs(rig: Rig, pid: int) -> tuple[float, float, float, float]:
    parts = [cpu_seconds(one) for one in family(pid)]
    return parts[0], sum(parts[1:]), *server_seconds(rig.engine)
