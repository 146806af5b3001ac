"""What the tests of pages in a browser share: each module has a `room` of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.integration.web.chromium import chromium, served_at
from tests.integration.web.newsroom import Newsroom


@pytest.fixture(scope="module")
def address(room: Newsroom) -> Iterator[str]:
    """Where the application is served."""
    with served_at(room) as made:
        yield made


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    """One browser for a module, started when all is indexed: it keeps the thread."""
    with chromium() as made:
        yield made
