"""What the tests of sources share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.cursor import Cursor
from tests.connectors.sources import servers


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[Cursor]:
    """A feed's cursor."""
    made = Cursor(tmp_path / "cursors.sqlite", "wire")
    yield made
    made.close()


@pytest.fixture
def web() -> Iterator[servers.Web]:
    """An HTTP server that answers what it is told to."""
    with servers.web() as running:
        yield running
