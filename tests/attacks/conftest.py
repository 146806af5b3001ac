"""What the attacks share: sources' fixtures, and one engine to attack through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.sources.conftest import cursor, web
from tests.servers import Engine
from tests.servers import engine as started

__all__ = ["cursor", "web"]


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A broker and an index of the attacks' own."""
    with started("embedded", tmp_path_factory.mktemp("attacks")) as running:
        yield running
