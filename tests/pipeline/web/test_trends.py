"""The last answers of what is trending, and their live stream."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.search.trending import Trend, Trends, Window
from pipeline.search.visible import ANYBODY, Viewer
from pipeline.web import trends
from pipeline.web.trends import Kept, digest


def told(name: str = "Ana") -> Trends:
    trend = Trend(kind="person", name=name, stories=9, usual=0.0, score=7.0)
    return Trends(window=Window.HOUR, at=datetime.now(UTC), stories=40, trends=(trend,))


class Index:
    """A reader that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: dict[Window, int] = defaultdict(int)
        self.answer = told()
        self.reports = self

    async def ready(self) -> None:
        """Answer at once."""

    async def trending(self, window: Window, now: datetime) -> Trends:
        self.asked[window] += 1
        await asyncio.sleep(0)
        return self.answer


def test_many_who_ask_cost_one_search() -> None:
    """Each window once for all viewers of the same stories, and again when the answer is old."""
    index: Any = Index()
    kept = Kept()

    async def ask() -> None:
        await asyncio.gather(*(kept.trends(index, ANYBODY, Window.HOUR) for _ in range(50)))
        await kept.trends(index, Viewer(sources=("AP",)), Window.HOUR)
        await kept.trends(index, ANYBODY, Window.DAY)

    asyncio.run(ask())
    assert index.asked == {Window.HOUR: 2, Window.DAY: 1}


def test_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many viewers only the last answers are kept."""
    monkeypatch.setattr(trends, "MAX_KEPT", 3)
    index: Any = Index()
    kept = Kept()

    async def ask() -> None:
        for n in range(10):
            await kept.trends(index, Viewer(sources=(str(n),)), Window.HOUR)

    asyncio.run(ask())
    assert len(kept._answers) == len(kept._turns) == 3


def test_the_stream_sends_a_list_when_it_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the beginning and at each change, with an id that tells lists apart."""
    monkeypatch.setattr(trends, "LOOK_SECONDS", 0)
    monkeypatch.setattr(trends, "KEPT_SECONDS", -1.0)
    index: Any = Index()
    request: Any = SimpleNamespace(
        app=SimpleNamespace(state=SimpleNamespace(trends=Kept(), reader=index)),
        state=SimpleNamespace(person=SimpleNamespace(viewer=ANYBODY)),
    )
    monkeypatch.setattr(trends, "reader", lambda request: index)

    async def waits(request: Any, work: Any) -> Any:
        return await work

    monkeypatch.setattr(trends, "awaited", waits)

    async def listen() -> list[str]:
        stream: Any = (await trends.live(request)).body_iterator
        first = await anext(stream)
        index.answer = told("Bob")
        second = await anext(stream)
        await stream.aclose()
        return [first.data, second.data]

    first, second = asyncio.run(listen())
    assert "Ana" in first
    assert "Bob" in second
    assert request.app.state.trends.listeners == 0


def test_the_time_of_a_list_is_no_change() -> None:
    """Two lists of the same names and numbers are one."""
    assert digest(told()) == digest(told())
    assert digest(told()) != digest(told("Bob"))
