"""A feed document by polling: only when it has changed, only as often as the server likes."""

from __future__ import annotations

import pytest

from connectors.cursor import Cursor
from connectors.sources.rss import Rss, RssOptions
from pipeline.wire.errors import SourceUnavailable
from tests.connectors.sources.polls import take, texts
from tests.connectors.sources.servers import Web


def test_document_comes_when_it_changes(web: Web, cursor: Cursor) -> None:
    """With the ETag of the last answer an unchanged document is not sent again."""
    web.put("/rss", "one", etag='"1"')
    rss = Rss(RssOptions(url=f"{web.url}/rss"))
    assert texts(take(rss, cursor)) == [b"one"]
    assert take(rss, cursor) == []
    assert web.asked[-1][1]["if-none-match"] == '"1"'
    web.put("/rss", "two", etag='"2"')
    assert texts(take(Rss(RssOptions(url=f"{web.url}/rss")), cursor)) == [b"two"]


def test_last_modified(web: Web, cursor: Cursor) -> None:
    """A Last-Modified is sent back as it came, and forgotten when it stops coming."""
    at = "Tue, 01 Sep 2026 10:00:00 GMT"
    web.put("/rss", "one", last_modified=at)
    rss = Rss(RssOptions(url=f"{web.url}/rss"))
    take(rss, cursor)
    web.put("/rss", "two")
    take(rss, cursor)
    assert web.asked[-1][1]["if-modified-since"] == at
    take(rss, cursor)
    assert "if-modified-since" not in web.asked[-1][1]


def test_unacknowledged_document_comes_again(web: Web, cursor: Cursor) -> None:
    """The ETag counts only once the broker has the document."""
    web.put("/rss", "one", etag='"1"')
    rss = Rss(RssOptions(url=f"{web.url}/rss"))
    assert texts(list(rss.poll(cursor))) == [b"one"]
    assert texts(list(rss.poll(cursor))) == [b"one"]


def test_moved_for_good(web: Web, cursor: Cursor) -> None:
    """After a permanent redirect the new URL is asked at once, until the feed's URL changes."""
    web.put("/old", status=301, location="/new")
    web.put("/new", "one")
    rss = Rss(RssOptions(url=f"{web.url}/old"))
    take(rss, cursor)
    take(rss, cursor)
    assert web.paths() == ["/old", "/new", "/new"]
    web.put("/other", "two")
    take(Rss(RssOptions(url=f"{web.url}/other")), cursor)
    assert web.paths()[-1] == "/other"


def test_moved_for_now(web: Web, cursor: Cursor) -> None:
    """A temporary redirect is followed and not remembered."""
    web.put("/old", status=302, location="/new")
    web.put("/new", "one")
    rss = Rss(RssOptions(url=f"{web.url}/old"))
    take(rss, cursor)
    take(rss, cursor)
    assert web.paths() == ["/old", "/new", "/old", "/new"]


def test_gone_for_good(web: Web, cursor: Cursor) -> None:
    """410 says that a person must take the feed out."""
    web.put("/rss", status=410)
    with pytest.raises(SourceUnavailable, match="permanently gone") as caught:
        take(Rss(RssOptions(url=f"{web.url}/rss")), cursor)
    assert caught.value.gone


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(web: Web, cursor: Cursor, status: int) -> None:
    """A server that asks to be left alone is left alone for so long."""
    web.put("/rss", status=status, retry_after="120")
    with pytest.raises(SourceUnavailable) as caught:
        take(Rss(RssOptions(url=f"{web.url}/rss")), cursor)
    assert caught.value.retry_after_seconds == 120


def test_too_long(web: Web, cursor: Cursor) -> None:
    """A document over max_bytes is cut off and is a failure of the source."""
    web.put("/rss", "x" * 101)
    with pytest.raises(SourceUnavailable, match="longer than 100 bytes"):
        take(Rss(RssOptions(url=f"{web.url}/rss", max_bytes=100)), cursor)


def test_nobody_there(cursor: Cursor) -> None:
    """A server that does not answer is unavailable."""
    with pytest.raises(SourceUnavailable, match=r"http://127\.0\.0\.1:9/rss"):
        take(Rss(RssOptions(url="http://127.0.0.1:9/rss")), cursor)
