"""What all commands share: the settings, the console, and how an error ends a command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from pipeline.wire.errors import ConfigError, NewswireError

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings

    out: Console
    err: Console

RUN_FILE = "run.json"
"""File in the data folder in which `newswire run` writes the addresses of its engine."""


def __getattr__(name: str) -> Console:
    if name in ("out", "err"):
        return _console(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _console(name: str) -> Console:
    # Made when a command first uses one: `newswire parse` prints no tables and needs none.
    from rich.console import Console

    if name == "err":
        return Console(stderr=True, soft_wrap=True)
    return Console(soft_wrap=True, width=None if sys.stdout.isatty() else 160)


def settings(path: Path | None) -> Settings:
    """Returns the settings of a command, with the addresses of a running `newswire run`.

    Configured addresses take precedence.

    Raises:
        ConfigError: see `config.settings.load`.
    """
    from config import logging as logs
    from config.settings import load

    result = load(path)
    logs.configure(result.logging)
    return at_running_engine(result)


def at_running_engine(result: Settings) -> Settings:
    """Returns the settings, with the embedded engine's addresses if it runs and none are set."""
    try:
        run = json.loads((result.data_dir / RUN_FILE).read_text(encoding="utf-8"))
        os.kill(run["pid"], 0)
    except (OSError, ValueError, KeyError):
        return result
    from config.settings import Elasticsearch, Kafka

    if result.kafka.brokers != Kafka().brokers or result.elasticsearch.url != Elasticsearch().url:
        return result
    return at(result, tuple(run["brokers"]), tuple(run["elasticsearch"]))


def at(result: Settings, brokers: tuple[str, ...], elasticsearch: tuple[str, ...]) -> Settings:
    """Returns the settings with other addresses."""
    return result.model_copy(
        update={
            "kafka": result.kafka.model_copy(update={"brokers": brokers}),
            "elasticsearch": result.elasticsearch.model_copy(update={"url": elasticsearch}),
        }
    )


@contextmanager
def one_sentence() -> Iterator[None]:
    """End a failing command with a sentence instead of a traceback.

    The exit code is 2 for a wrong configuration and 1 for anything else.
    """
    try:
        yield
    except ConfigError as error:
        fail(str(error), 2)
    except NewswireError as error:
        fail(str(error), 1)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:
        # `newswire … | head`: the reader has closed the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def fail(reason: str, code: int = 1) -> NoReturn:
    """Print a reason on standard error and exit."""
    _console("err").print(f"[bold red]newswire:[/] {_plain(reason)}", highlight=False)
    raise typer.Exit(code)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def printable(text: str) -> str:
    """Returns text without control characters, other than tab and line end."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


def read_lines(files: Iterable[Path]) -> Iterator[tuple[Path, int, bytes]]:
    """Yields every line of some files with its file and number; the file "-" is standard input.

    A file that can't be opened ends the command with a sentence.
    """
    for path in files:
        try:
            stream = sys.stdin.buffer if str(path) == "-" else path.open("rb")
        except OSError as error:
            fail(f"{path}: {error.strerror}")
        with stream:
            for number, line in enumerate(stream, 1):
                yield path, number, line
