"""Reports are tested on the embedded engine: the reader itself is tested on both."""

import pytest


@pytest.fixture(scope="session", params=["embedded"])
def engine_kind(request: pytest.FixtureRequest) -> str:
    """The one engine of these tests."""
    kind: str = request.param
    return kind
