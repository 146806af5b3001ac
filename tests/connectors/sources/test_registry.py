"""The registry of sources: an incomplete source is refused when it is registered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.cursor import Cursor
from connectors.sources import Options, Polled, Source, registry
from connectors.sources.rss import Rss


class Silent(Source):
    """Lacks `poll`."""

    name = "silent"
    options = Options

    def __init__(self, options: Any) -> None:
        self.interval_seconds = 1.0


class Nameless(Source):
    """Lacks a name and options."""

    def __init__(self, options: Any) -> None:
        self.interval_seconds = 1.0

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        yield from ()


class Restless(Nameless):
    """Says nowhere how long it pauses."""

    name = "restless"
    options = Options


@pytest.mark.parametrize(
    ("source", "lacking"),
    [
        (Silent, "Silent lacks poll"),
        (Nameless, "Nameless lacks name, opt"),
        (Restless, "Restless lacks interval_seconds"),
    ],
)
def test_an_incomplete_source_is_not_registered(source: type[Source], lacking: str) -> None:
    """A missing method or attribute fails at registration, and the message names it."""
    with pytest.raises(TypeError, match=lacking):
        registry(Rss, source)


def test_a_name_is_registered_once() -> None:
    """Two sources of one name are refused."""
    with pytest.raises(TypeError, match="same name, 'rss'"):
        registry(Rss, Rss)
