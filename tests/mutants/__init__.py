"""`python -m tests.mutants [NAME…]`: put bugs in, one at a time, and see that a test fails.

Each mutant is one change of behaviour, with the tests that hold that behaviour. The tests run on a
copy of the checkout: first as it is, where they must pass, then with each bug.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 5
"""A run that takes so many times as long as without the bug waits for ever, and so has failed."""


@dataclass(frozen=True)
class Mutant:
    """A bug: `old` stands once in `file` and becomes `new`."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def mutated(self, text: str) -> str:
        """Return the file's text with the bug.

        Raises:
            ValueError: `old` does not stand there exactly once.
        """
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.old!r} is {text.count(self.old)} times in it")
        return text.replace(self.old, self.new)


@contextmanager
def checkout() -> Iterator[Path]:
    """Yield a copy of the files that git knows, with the gazetteer where it is unpacked."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="newswire-mutants-") as folder:
        copy = Path(folder)
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        if (ROOT / "var" / "gazetteer").is_dir():
            shutil.copytree(ROOT / "var" / "gazetteer", copy / "var" / "gazetteer")
        yield copy


def passes(copy: Path, tests: Sequence[str], limit_seconds: float | None = None) -> bool:
    """Return whether these tests pass on the copy, within a limit."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command,
            cwd=copy,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=limit_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def survivors(mutants: Sequence[Mutant]) -> list[str]:
    """Run each mutant's tests; return the names of those that no test noticed.

    Raises:
        RuntimeError: tests fail without any bug.
    """
    alive = []
    with checkout() as copy:
        for tests in dict.fromkeys(mutant.tests for mutant in mutants):
            started = time.monotonic()
            if not passes(copy, tests):
                raise RuntimeError(f"fails without any bug: {' '.join(tests)}")
            limit = PATIENCE * (time.monotonic() - started) + 60
            for mutant in mutants:
                if mutant.tests == tests and _survives(copy, mutant, limit):
                    alive.append(mutant.name)
    return alive


def _survives(copy: Path, mutant: Mutant, limit_seconds: float) -> bool:
    path = copy / mutant.file
    text = path.read_text("utf-8")
    path.write_text(mutant.mutated(text), "utf-8")
    survived = passes(copy, mutant.tests, limit_seconds)
    path.write_text(text, "utf-8")
    print("SURVIVED" if survived else "noticed ", mutant.name, flush=True)
    return survived
