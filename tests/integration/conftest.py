"""The engines that the integration tests run on, each started once a session, when first asked."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from newswire.servers.process import folder_for_servers
from tests.servers import NOT_RUN, Engine, Missing, engine


@contextmanager
def missing_skips() -> Iterator[None]:
    """Skip where this machine lacks Java or Maven; on CI, where it may not, fail."""
    try:
        yield
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{NOT_RUN}{missing}", pytrace=False)
        pytest.skip(f"{NOT_RUN}{missing}")


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A folder for the data of servers that the session shares."""
    with folder_for_servers() as folder:
        yield folder


@pytest.fixture(
    scope="session",
    params=["embedded", pytest.param("real", marks=pytest.mark.real)],
)
def engine_kind(request: pytest.FixtureRequest) -> str:
    """Which engine: asking for it runs a test on both."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session", name="engine")
def running_engine(engine_kind: str, servers_folder: Path) -> Iterator[Engine]:
    """A running broker and index; tests share them and keep apart by `prefix`."""
    with missing_skips(), engine(engine_kind, servers_folder) as running:
        yield running


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """A word for this test's topics, groups and indices, like no other test's."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    return f"{name[:40]}-{uuid4().hex[:8]}"
