"""The one policy of retries."""

import asyncio
from itertools import islice
from statistics import mean

import pytest

from config.settings import Retry
from pipeline.process.waiting import Waiting, delay, delays
from pipeline.wire.errors import IndexUnavailable, SetupError

QUICK = Retry(base_seconds=0.001, max_seconds=0.002)


def test_waits_double_up_to_the_longest() -> None:
    """A thousand clients that failed together: each wait is between a tenth and the whole of it."""
    retry = Retry(base_seconds=1, max_seconds=10)
    rounds = list(zip(*(islice(delays(retry), 6) for _ in range(1000)), strict=True))
    for longest, waits in zip((1, 2, 4, 8, 10, 10), rounds, strict=True):
        assert longest * 0.1 <= min(waits) < longest * 0.2
        assert longest * 0.9 < max(waits) <= longest
        assert mean(waits) == pytest.approx(longest * 0.55, rel=0.1)


def test_the_wait_after_very_many_failures_is_a_number() -> None:
    """A webhook that was away for months has failed more often than a float can double."""
    assert delay(Retry(base_seconds=1, max_seconds=10), 100_000) <= 10


def test_a_dependency_that_is_away_is_waited_for() -> None:
    """While it is away the reason is shown; once it is back nothing is."""
    waiting = Waiting(QUICK)
    seen: list[dict[str, str]] = []

    async def call() -> str:
        seen.append(dict(waiting.reasons))
        if len(seen) < 3:
            raise IndexUnavailable(f"try {len(seen)}")
        return "done"

    assert asyncio.run(waiting.until("index", call)) == "done"
    assert seen == [{}, {"index": "try 1"}, {"index": "try 2"}]
    assert waiting.reasons == {}


def test_what_a_person_must_act_on_is_not_waited_for() -> None:
    """A missing index ends the wait with its sentence."""

    async def call() -> None:
        raise SetupError("the index is missing")

    with pytest.raises(SetupError, match="is missing"):
        asyncio.run(Waiting(QUICK).until("index", call))
