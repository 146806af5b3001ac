"""`python -m tests.torture --seed N --seeds K`: the proof, as much of it as there is time for."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from newswire.servers.process import folder_for_servers
from tests.servers import Missing, StartFailed
from tests.servers.cluster import cluster
from tests.torture import clustered, report, soak
from tests.torture.run import Result, Say, servers, torture

console = Console()
log = logging.getLogger("tests.torture")


def main() -> int:
    """0 when nothing differs, 1 when something does, 2 when the servers could not start."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=("storms", "soak", "cluster"),
        default="storms",
        help="storms by default",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other")
    parser.add_argument(
        "--minutes",
        type=float,
        help="begin no further seed after so long; of a soak, how long (30)",
    )
    parser.add_argument("--stories", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=45.0, help="of storm in each run")
    parser.add_argument("--every", type=float, default=1.2, help="seconds between two faults")
    parser.add_argument(
        "--max-pause",
        type=float,
        default=30.0,
        help="of a cluster: seconds that a story may take until it is found",
    )
    parser.add_argument("--results", type=Path, help="file that each result is appended to")
    parser.add_argument("--keep", type=Path, help="folder for logs, kept")
    parser.add_argument("--report", type=Path, help="only write a report of --results here")
    arguments = parser.parse_args()
    if arguments.report:
        report.write(arguments.report, report.read(arguments.results), arguments.what)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what it has started
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(arguments.keep / "faults.log")
        handler.setFormatter(logging.Formatter("%(asctime)s %(kind)s, %(lasts)s s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    try:
        if arguments.what == "soak":
            return _soak(arguments)
        results = _run(arguments)
    except (Missing, StartFailed) as failure:
        print(failure, file=sys.stderr)
        return 2
    console.print(report.summary(results))
    pauses = [pause for result in results for pause in result.pauses.values()]
    if pauses:
        console.print(f"longest pause: {max(pauses):.1f} s")
    paused = max(pauses, default=0.0) > arguments.max_pause
    return int(paused or any(result.differences for result in results))


def _soak(arguments: argparse.Namespace) -> int:
    """Soak, draw and print; return 1 when something differs."""
    with folder_for_servers() as temporary, servers() as running, _bar() as progress:
        task = progress.add_task("starting", total=1.0, seed=arguments.seed)
        done = soak.soak(
            running,
            arguments.keep or temporary,
            arguments.seed,
            arguments.minutes or 30.0,
            lambda what, part: progress.update(task, description=what, completed=part),
        )
    folder = arguments.keep or Path()
    done.lives.draw(folder)
    counted = ", ".join(f"{what} {n}" for what, n in sorted(done.restarts.items()))
    console.print(f"{done.stories:,} stories; restarts: {counted}", markup=False)
    for name, seconds, megabytes, files in done.lives.growth():
        console.print(f"{name}: {megabytes:+.1f} MB and {files:+.1f} files in {seconds} s")
    console.print(f"drawn: {folder / 'soak-memory.svg'}, {folder / 'soak-files.svg'}")
    console.print(f"{len(done.differences)} differences")
    for difference in done.differences[:20]:
        console.print(f"  {difference}", markup=False)
    return int(bool(done.differences))


def _bar() -> Progress:
    return Progress(
        TextColumn("seed {task.fields[seed]}"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
    )


def _commit() -> str:
    """The commit that is checked out, with a plus when files differ from it."""
    asked = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    answer = subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True)
    return answer.stdout.strip() or "?"


def _run(arguments: argparse.Namespace) -> list[Result]:
    results: list[Result] = []
    commit = _commit()
    began = time.monotonic()
    with ExitStack() as stack:
        temporary = stack.enter_context(folder_for_servers())
        one = _torture(arguments, stack, temporary)
        progress = stack.enter_context(_bar())
        folder = arguments.keep or temporary
        for seed in range(arguments.seed, arguments.seed + arguments.seeds):
            if arguments.minutes and time.monotonic() - began > arguments.minutes * 60:
                break
            task = progress.add_task("starting", total=1.0, seed=seed)

            def say(what: str, part: float, task: TaskID = task) -> None:
                progress.update(task, description=what, completed=part)

            result = replace(one(folder, seed, say), commit=commit)
            results.append(result)
            struck = sum(result.faults.values())
            say(f"{struck} faults, {len(result.differences)} differences", 1.0)
            progress.stop_task(task)
            for kind, pause in result.pauses.items():
                console.print(f"  {kind}: {pause:.1f} s", markup=False)
            for difference in result.differences[:20]:
                console.print(f"  {difference}", markup=False)
            if arguments.results:
                with arguments.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(result)) + "\n")
            if not arguments.keep:
                for path in folder.glob(f"*-{seed}-*"):
                    shutil.rmtree(path, ignore_errors=True)
    return results


def _torture(
    arguments: argparse.Namespace, stack: ExitStack, folder: Path
) -> Callable[[Path, int, Say], Result]:
    """Start the servers; returns what tortures them with one seed."""
    if arguments.what == "cluster":
        running = stack.enter_context(cluster(folder / "servers"))
        return lambda folder, seed, say: clustered.torture(
            running, folder, seed, arguments.stories, say
        )
    alone = stack.enter_context(servers())
    return lambda folder, seed, say: torture(
        alone, folder, seed, arguments.stories, arguments.seconds, arguments.every, say
    )


if __name__ == "__main__":
    sys.exit(main())
