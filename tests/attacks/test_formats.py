"""Hostile bytes at every format: refused in a sentence or read as what they are, no more."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from connectors.formats import FORMATS, Context
from pipeline.wire import codec
from pipeline.wire.errors import ParseError
from tests.attacks.payloads import MEGABYTE, PAYLOADS

MOST_MEGABYTES = 128
"""Of memory, at once: as much as JSON of so many keys needs that is only just not refused."""

REACHING = ("socket.connect", "socket.getaddrinfo", "open", "subprocess.Popen", "os.system")

_seen: list[str] | None = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _seen is not None and event in REACHING and not str(arguments[0]).endswith((".pyc", ".py")):
        _seen.append(f"{event} {arguments[0]!r}")


sys.addaudithook(_watch)  # never removed: Python has no way to remove one


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is opened or connected to meanwhile, as Python's audit events tell."""
    global _seen
    _seen = []
    try:
        yield _seen
    finally:
        _seen = None


@dataclass(frozen=True)
class Tried:
    """What each format made of a delivery."""

    refused: Mapping[str, ParseError]
    read: Mapping[str, bytes]
    """The stories, encoded."""
    reached: Sequence[str]
    peak: Mapping[str, int]
    """Bytes of memory, at most, by format."""


@cache
def tried(payload: str) -> Tried:
    """Every format tried on one payload."""
    refused: dict[str, ParseError] = {}
    read: dict[str, bytes] = {}
    peak: dict[str, int] = {}
    tracemalloc.start()
    try:
        with watched() as reached:
            for name, parse in FORMATS.items():
                tracemalloc.reset_peak()
                try:
                    parsed = parse(PAYLOADS[payload], Context())
                except ParseError as error:
                    refused[name] = ParseError(error.message, error.where)  # without its frames
                else:
                    read[name] = b"".join(codec.encode(story) for story in parsed.stories)
                peak[name] = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return Tried(refused, read, reached, peak)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_format_breaks(payload: str) -> None:
    """Each format refuses it with a place, or makes of it stories no longer than it is."""
    found = tried(payload)
    assert found.refused.keys() | found.read.keys() == FORMATS.keys()
    for name, error in found.refused.items():
        assert error.where, name
        assert len(str(error)) < 1000, name
    for name, stories in found.read.items():
        assert len(stories) <= 4 * len(PAYLOADS[payload]) + 1000, name
        assert b"root:" not in stories, name


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_format_reaches_out(payload: str) -> None:
    """Whatever a delivery refers to, nothing is opened, connected to or run for it."""
    assert tried(payload).reached == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_format_takes_much_memory(payload: str) -> None:
    """A bomb does not go off: what it would grow to is never made."""
    for name, peak in tried(payload).peak.items():
        assert peak < MOST_MEGABYTES * MEGABYTE, name


def test_what_is_watched_is_seen(tmp_path: Path) -> None:
    """The watch would notice."""
    with watched() as reached:
        (tmp_path / "x").write_bytes(b"")
    assert [each for each in reached if each.startswith("open")]
