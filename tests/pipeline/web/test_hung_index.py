"""An index that takes connections and never answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from config.settings import Elasticsearch, Settings
from pipeline.web.app import create_app

PATIENCE_SECONDS = 600.0
"""What the index may take for an export: a page that waited as long would fail the test."""


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A client of a page that counts an index as away after a fifth of a second."""
    monkeypatch.setattr("pipeline.search.reader.ANSWER_SECONDS", 0.2)
    monkeypatch.setattr("pipeline.web.app.ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as hung:
        url = f"http://127.0.0.1:{hung.getsockname()[1]}"
        index = Elasticsearch(url=(url,), request_timeout_seconds=PATIENCE_SECONDS)
        with TestClient(
            create_app(Settings(elasticsearch=index)), base_url="http://127.0.0.1"
        ) as made:
            yield made


@pytest.mark.parametrize(
    "path",
    ["/", "/desk", "/story/a", "/event/a", "/trending", "/race", "/attention?search=a", "/notices"],
)
def test_every_page_says_that_it_does_not_answer(client: TestClient, path: str) -> None:
    """Within seconds, whatever the page asks for."""
    began = time.monotonic()
    answer = client.get(path)
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert time.monotonic() - began < PATIENCE_SECONDS / 10


@pytest.mark.parametrize("path", ["/api/trending", "/api/race", "/api/events", "/desk/column"])
def test_every_answer_says_so_too(client: TestClient, path: str) -> None:
    """Programs get the same status."""
    began = time.monotonic()
    assert client.get(path).status_code == 503
    assert time.monotonic() - began < PATIENCE_SECONDS / 10
