"""A story each second, and how long it took until a search found it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Event, Thread

import httpx

from tests.torture.model import Delivery, Story, pulse
from tests.torture.site import Site

EVERY_SECONDS = 1.0
LOOK_SECONDS = 0.25
SOON_SECONDS = 4.0
ANSWER_SECONDS = 1.5
"""How long a node may take to answer before the next one is asked."""


@dataclass
class Pulses:
    """Drops the files and looks for their stories, in a thread of its own.

    Args:
        site: where they are dropped.
        urls: of all nodes of the index.
        deliveries: further files, of which one is dropped with each pulse.
    """

    site: Site
    urls: tuple[str, ...]
    seed: int
    deliveries: list[Delivery]
    stories: list[Story] = field(default_factory=list)
    pauses: list[tuple[float, float]] = field(default_factory=list)
    """When a story was dropped, and how long it took until it was found."""
    _waiting: dict[str, float] = field(default_factory=dict)
    _asked: int = 0
    _over: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = Thread(target=self._run, name="pulses", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Drop no more, and wait until all are found, or so long."""
        self._over.set()
        if self._thread:
            self._thread.join()
        self.site.drop(self.deliveries)
        deadline = time.monotonic() + seconds
        while self._waiting and time.monotonic() < deadline:
            self._look()
            time.sleep(LOOK_SECONDS)
        # What is still missing is a difference too: the comparison names it.
        now = time.monotonic()
        self.pauses += [(dropped, now - dropped) for dropped in self._waiting.values()]

    def wait_until_found(self, seconds: float) -> None:
        """Wait until stories are found as soon as they should be, or so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._oldest() > SOON_SECONDS:
            time.sleep(LOOK_SECONDS)

    def _oldest(self) -> float:
        now = time.monotonic()
        return max((now - dropped for dropped in list(self._waiting.values())), default=0.0)

    def longest(self, began: float, ended: float) -> float:
        """The longest wait of stories that were dropped within a time; 0 without any."""
        return max((took for at, took in self.pauses if began <= at <= ended), default=0.0)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._over.wait(LOOK_SECONDS):
            if time.monotonic() >= due:
                due += EVERY_SECONDS
                story, delivery = pulse(self.seed, len(self.stories))
                self.stories.append(story)
                self._waiting[story.newest.story_id] = time.monotonic()
                self.site.drop([delivery, *self.deliveries[:1]])
                del self.deliveries[:1]
            self._look()

    def _look(self) -> None:
        """Ask one node after the other, until one answers, which of the stories are found."""
        query = {"query": {"ids": {"values": list(self._waiting)}}, "size": 10_000}
        for _ in self.urls:
            url = self.urls[self._asked % len(self.urls)]
            try:
                answer = httpx.post(
                    f"{url}/{self.site.name}/_search?_source=false",
                    json=query,
                    timeout=ANSWER_SECONDS,
                )
            except httpx.TransportError:
                answer = None
            if answer is None or not answer.is_success:
                self._asked += 1
                continue
            now = time.monotonic()
            for hit in answer.json()["hits"]["hits"]:
                dropped = self._waiting.pop(hit["_id"])
                self.pauses.append((dropped, now - dropped))
            return
