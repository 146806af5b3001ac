"""A page's first part does not wait for the search, and its status does wait for the index."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import pytest
from starlette.testclient import TestClient

from config.settings import Settings
from pipeline.search.results import Page
from pipeline.web.app import create_app
from pipeline.wire.errors import IndexUnavailable


class Reader:
    """A reader that answers a search only when the test wants it to."""

    def __init__(self, failure: Exception | None = None, away: Exception | None = None) -> None:
        self.answer = asyncio.Event()
        self._failure = failure
        self._away = away

    def seen_by(self, _: object) -> Reader:
        """See `pipeline.search.reader.Reader`."""
        return self

    async def ready(self) -> None:
        """See `pipeline.search.reader.Reader`."""
        if self._away:
            raise self._away

    async def earlier(self, _: object) -> None:
        """See `pipeline.search.reader.Reader`."""

    async def search(self, *_: Any) -> tuple[Page, None]:
        """See `pipeline.search.reader.Reader`."""
        await self.answer.wait()
        if self._failure:
            raise self._failure
        return Page(total=7, hits=(), facets={}, timeline=(), places=(), took_ms=1), None


async def page(reader: Reader, encoding: bytes = b"") -> tuple[int, str, str]:
    """Status, what was sent before the index had answered, and what after that."""
    app = create_app(Settings())
    app.state.reader = reader
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"accept-encoding", encoding)],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: Any) -> None:
        await sent.put(message)

    open_ = zlib.decompressobj(31).decompress if encoding else bytes
    serving = asyncio.ensure_future(app(scope, receive, send))
    try:
        start = await asyncio.wait_for(sent.get(), 20)
        early = open_((await asyncio.wait_for(sent.get(), 20))["body"])
        reader.answer.set()
        late = b""
        while True:
            message = await asyncio.wait_for(sent.get(), 20)
            late += open_(message.get("body", b""))
            if not message.get("more_body"):
                break
    finally:
        serving.cancel()
    return start["status"], early.decode(), late.decode()


@pytest.mark.parametrize("encoding", [b"", b"gzip, br"])
def test_the_head_is_there_before_the_answer(encoding: bytes) -> None:
    """Title, styles and search box arrive while the index is asked; the stories follow."""
    status, early, late = asyncio.run(page(Reader(), encoding))
    assert status == 200
    assert early.startswith("<!doctype html>")
    assert early.rstrip().endswith("</header>")
    assert "newswire.css" in early
    assert "<h1" not in early
    assert "7 stories" in late
    assert late.rstrip().endswith("</html>")
    assert "\0" not in early + late


def test_an_index_that_goes_away_meanwhile() -> None:
    """Where the answer fails after the head is gone, the page says so instead of breaking off."""
    status, _, late = asyncio.run(page(Reader(IndexUnavailable("away"))))
    assert status == 200
    assert "Not available" in late
    assert late.rstrip().endswith("</html>")


def test_an_index_that_is_away_gives_the_page_its_status() -> None:
    """The page is a 503 that keeps the query in the search box, whatever happened before."""
    app = create_app(Settings())
    app.state.reader = Reader(away=IndexUnavailable("hangs"))
    answer = TestClient(app, base_url="http://127.0.0.1").get("/", params={"q": "ferry strike"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert 'value="ferry strike"' in answer.text
    assert "does not answer" in answer.text
