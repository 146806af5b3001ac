"""What every command shares: the settings, and how an error ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from rich.console import Console

from pipeline.wire.errors import ConfigError, NewswireError

if TYPE_CHECKING:
    from config.settings import Settings

out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, soft_wrap=True)

RUN_FILE = "run.json"
"""Where `newswire run` says, in the data folder, at which addresses its engine listens."""


def settings(path: Path | None) -> Settings:
    """The settings of a command, with the addresses of a running `newswire run`.

    Those count only where nothing else is configured.

    Raises:
        ConfigError: see `config.settings.load`.
    """
    from config import logging as logs
    from config.settings import load

    result = load(path)
    logs.configure(result.logging)
    return at_running_engine(result)


def at_running_engine(result: Settings) -> Settings:
    """The settings with the embedded engine's addresses, if one runs and none are set."""
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
    """The settings with other addresses."""
    return result.model_copy(
        update={
            "kafka": result.kafka.model_copy(update={"brokers": brokers}),
            "elasticsearch": result.elasticsearch.model_copy(update={"url": elasticsearch}),
        }
    )


@contextmanager
def one_sentence() -> Iterator[None]:
    """End a failing command with a sentence instead of a traceback.

    Exit code 2 for a configuration that can't be used, 1 for the rest.
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
        # `newswire … | head`: the reader has had enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def fail(reason: str, code: int = 1) -> NoReturn:
    """End with a reason on standard error."""
    err.print(f"[bold red]newswire:[/] {_plain(reason)}", highlight=False)
    raise typer.Exit(code)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def printable(text: str) -> str:
    """Text that can't command a terminal: control characters but line ends and tabs go."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")
