"""NLP processes that crash, hang, raise, and end with their worker."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.enrich.pool import NlpPool
from pipeline.wire.enriched import Enriched
from pipeline.wire.errors import EnrichmentError
from pipeline.wire.story import Story
from tests.fakes.enricher import Obedient, ending, obedient, without_model

ROOT = Path(__file__).parents[3]
LOAD_SECONDS = 0.5


def in_pool(act: Callable[[NlpPool], Any], load: Any = obedient, **options: Any) -> Any:
    """What `act` returns with a pool of two processes, closed afterwards."""

    async def run() -> Any:
        pool = NlpPool(load, **{"processes": 2, "timeout_seconds": 30.0, **options})
        try:
            await pool.start()
            return await act(pool)
        finally:
            pool.close()

    return asyncio.run(run())


def slow_to_load() -> Obedient:
    """Loads as a model does."""
    time.sleep(LOAD_SECONDS)
    return obedient()


def stories(*bodies: str) -> list[Story]:
    """A story for each body."""
    return [Story(id=f"t:{number}", body=body) for number, body in enumerate(bodies)]


def bodies(results: Sequence[Enriched | EnrichmentError]) -> list[str]:
    """The body of each record, or why there is none."""
    return [str(r) if isinstance(r, EnrichmentError) else r.story.body for r in results]


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come soon."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_order_is_kept_across_processes() -> None:
    """Records come in the order of their stories, whichever process made them."""
    told = [f"story {number}" for number in range(40)]
    results = in_pool(lambda pool: pool.enrich(stories(*told)), batch_chars=30)
    assert bodies(results) == told
    assert len({record.provenance.model for record in results}) == 2


def test_the_pool_says_which_models_its_processes_use() -> None:
    """One list, where they use the same."""

    async def act(pool: NlpPool) -> list[tuple[str, ...]]:
        return pool.models

    assert in_pool(act, processes=2) == [("en test",)]


def test_a_crash_takes_no_other_story_with_it() -> None:
    """What kills its process is given up after its tries; the others are enriched once."""

    async def act(pool: NlpPool) -> tuple[list[str], int, list[bool]]:
        before = pool.pids()
        results = await pool.enrich(stories("one", "crash", "three"))
        return bodies(results), pool.restarts, [gone(pid) for pid in before]

    told, restarts, ended = in_pool(act, processes=1, tries=3)
    assert told == ["one", "the NLP process ended (exit code -9), 3 times: given up", "three"]
    assert (restarts, ended) == (3, [True])


@pytest.mark.parametrize("told", [["one", "crash-ahead", "three"], ["crash-ahead", "two"]])
def test_a_crash_in_reading_ahead_is_nobodys_fault(told: list[str]) -> None:
    """Where stories can't be read together, each is enriched alone, however few its tries."""
    results = in_pool(lambda pool: pool.enrich(stories(*told)), processes=1, tries=1)
    assert bodies(results) == told


def test_a_crash_that_does_not_come_again_is_forgiven(tmp_path: Path) -> None:
    """A story that crashed its process once, for want of memory say, is enriched in the next."""
    told = ["one", f"crash-once {tmp_path / 'crashed'}", "three"]
    assert bodies(in_pool(lambda pool: pool.enrich(stories(*told)))) == told


def test_a_story_that_hangs_is_given_up() -> None:
    """A story without an answer in time is given up, and its process with it."""

    async def act(pool: NlpPool) -> tuple[list[str], list[bool]]:
        before = pool.pids()
        results = await pool.enrich(stories("one", "hang", "three"))
        return bodies(results), [gone(pid) for pid in before]

    told, ended = in_pool(act, processes=1, timeout_seconds=0.5, tries=2)
    assert told == ["one", "no answer within 0.5 s, 2 times: given up", "three"]
    assert ended == [True]


def test_an_exception_is_told_and_costs_no_process() -> None:
    """A story whose enrichment raises is given up with the reason; its process goes on."""

    async def act(pool: NlpPool) -> tuple[list[str], bool]:
        before = pool.pids()
        results = await pool.enrich(stories("one", "raise odd number", "three"))
        return bodies(results), before == pool.pids()

    told, same = in_pool(act, processes=1)
    assert told == ["one", "ValueError: odd number: given up", "three"]
    assert same


def test_a_process_killed_between_batches_is_replaced() -> None:
    """A process that somebody killed while it was idle costs nothing."""

    async def act(pool: NlpPool) -> list[str]:
        for pid in pool.pids():
            os.kill(pid, signal.SIGKILL)
            until(lambda pid=pid: gone(pid))  # type: ignore[misc]
        return bodies(await pool.enrich(stories("one", "two")))

    assert in_pool(act) == ["one", "two"]


def test_a_process_that_was_replaced_while_idle_has_read_nothing() -> None:
    """What the one before had read is not taken for cheap, nor the time to load for its pace."""

    async def act(pool: NlpPool) -> tuple[dict[str, int], float]:
        first, second = stories("one", "two")
        await pool.enrich([first])
        (pid,) = pool.pids()
        os.kill(pid, signal.SIGKILL)
        until(lambda: gone(pid))
        await pool.enrich([second])
        text = pool._pace.text(first, 0)
        return +Counter(text), pool._pace.seconds(text)

    text, seconds = in_pool(act, load=slow_to_load, processes=1)
    assert text == {"": len("one")}
    assert seconds < LOAD_SECONDS


def test_the_urgent_goes_first() -> None:
    """What waits with a lower number is enriched before what came earlier."""

    async def act(pool: NlpPool) -> list[str]:
        done: list[str] = []

        async def enrich(body: str, priority: int) -> None:
            await pool.enrich(stories(body), priority)
            done.append(body)

        await asyncio.gather(enrich("first", 2), enrich("backfill", 2), enrich("flash", 0))
        return done

    assert in_pool(act, processes=1) == ["flash", "first", "backfill"]


@pytest.mark.parametrize(
    ("load", "reason"),
    [(without_model, "LookupError: no such model"), (ending, "ended while it loaded")],
)
def test_a_model_that_does_not_load_stops_the_start(load: Any, reason: str) -> None:
    """A missing model is told by name, and no process is left."""
    with pytest.raises(EnrichmentError, match=reason):
        in_pool(lambda pool: pool.enrich([]), load)


def test_close_leaves_nothing_behind() -> None:
    """Closing ends every process, even one that hangs in a story."""

    async def act(pool: NlpPool) -> list[int]:
        hanging = asyncio.create_task(pool.enrich(stories("hang")))
        await asyncio.sleep(0.1)
        hanging.cancel()
        return pool.pids()

    pids = in_pool(act)
    assert len(pids) == 2
    until(lambda: all(map(gone, pids)))


WORKER = """
import asyncio
from pipeline.enrich.pool import NlpPool
from pipeline.wire.story import Story
from tests.fakes.enricher import obedient

async def main():
    pool = NlpPool(obedient, processes=2)
    await pool.start()
    print(*pool.pids(), flush=True)
    await pool.enrich([Story(id="t:1", body="hang")])

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_processes_end_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    """After a SIGKILL of the worker its NLP processes end too, one idle, one in a hanging story."""
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    worker = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert worker.stdout is not None
    pids = [int(pid) for pid in worker.stdout.readline().split()]
    assert len(pids) == 2
    worker.kill()
    worker.communicate()
    until(lambda: all(map(gone, pids)))
