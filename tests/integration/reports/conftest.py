"""What the tests of reports share: each module has a `room` of its own."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.integration.web.newsroom import Newsroom, served


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """A client of the application."""
    with served(room) as made:
        yield made
