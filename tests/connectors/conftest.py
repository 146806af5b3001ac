"""What the tests of connectors share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.sources import servers


@pytest.fixture
def web() -> Iterator[servers.Web]:
    """An HTTP server of a few fixed answers."""
    with servers.web() as running:
        yield running
