"""Pages of JSON: each leads to the next, items to their documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.cursor import Cursor
from connectors.sources import Delivery, Progress
from connectors.sources.http import Http, HttpOptions, pick
from pipeline.wire.errors import SourceUnavailable
from tests.connectors.sources.polls import take, texts
from tests.connectors.sources.servers import Web


def source(web: Web, **options: Any) -> Http:
    given = {
        "url": f"{web.url}/feed",
        "items": "data.items",
        "next": "data.next_page",
        "links": ["data.items.*.renditions.nitf.href"],
        "requests_per_second": 1000,
        **options,
    }
    return Http(HttpOptions(**given))


def page(following: str | None, *items: dict[str, Any]) -> str:
    return json.dumps({"data": {"items": items, "next_page": following}})


def item(href: str) -> dict[str, Any]:
    return {"renditions": {"nitf": {"href": href}}}


def test_pages_with_their_documents(web: Web, cursor: Cursor) -> None:
    """Pages are followed to the newest, each with the documents of its items."""
    first = page("/feed?seq=2", item("/nitf/1"), item("/nitf/2"))
    web.put("/feed", first)
    web.put("/feed?seq=2", page("/feed?seq=3", item("/nitf/3")))
    web.put("/feed?seq=3", page("/feed?seq=3"))
    for number in (1, 2, 3):
        web.put(f"/nitf/{number}", f"<nitf>{number}</nitf>")
    one, two, rest = take(source(web), cursor)
    assert isinstance(one, Delivery)
    assert isinstance(two, Delivery)
    assert isinstance(rest, Progress)
    assert one.raw == first.encode()
    assert one.linked == {"/nitf/1": b"<nitf>1</nitf>", "/nitf/2": b"<nitf>2</nitf>"}
    assert list(two.linked) == ["/nitf/3"]


def test_goes_on_at_the_next_page(web: Web, cursor: Cursor) -> None:
    """A next process asks for the page that was to come, not for the first again."""
    web.put("/feed", page("/feed?seq=2", {}))
    web.put("/feed?seq=2", page("/feed?seq=2"))
    take(source(web), cursor)
    web.put("/feed?seq=2", page("/feed?seq=3", {"new": 1}))
    web.put("/feed?seq=3", page("/feed?seq=3"))
    assert len(texts(take(source(web), cursor))) == 1
    assert web.paths() == ["/feed", "/feed?seq=2", "/feed?seq=2", "/feed?seq=3"]


def test_unacknowledged_pages_come_again(web: Web, cursor: Cursor) -> None:
    """What the cursor does not have is asked for again."""
    web.put("/feed", page("/feed?seq=2", {}))
    web.put("/feed?seq=2", page("/feed?seq=2"))
    assert texts(list(source(web).poll(cursor))) == texts(list(source(web).poll(cursor))) != []


def test_one_page_without_a_next(web: Web, cursor: Cursor) -> None:
    """A feed of one page is asked whether it has changed."""
    web.put("/feed", '[{"a": 1}]', etag='"1"')
    http = source(web, items=None, next=None, links=[])
    assert texts(take(http, cursor)) == [b'[{"a": 1}]']
    assert take(http, cursor) == []


def test_next_page_that_is_gone(web: Web, cursor: Cursor) -> None:
    """When the server no longer knows the next page, the feed starts at its URL again."""
    web.put("/feed", page("/feed?seq=2", {}))
    web.put("/feed?seq=2", page("/feed?seq=2"))
    take(source(web), cursor)
    del web.answers["/feed?seq=2"]
    take(source(web), cursor)
    web.put("/feed", page("/feed", {"new": 1}))
    assert len(texts(take(source(web), cursor))) == 1


def test_missing_document_spares_its_neighbours(web: Web, cursor: Cursor) -> None:
    """A linked document that is refused is left out; the page and the others come."""
    web.put("/feed", page(None, item("/nitf/1"), item("http://169.254.169.254/"), item("/nitf/2")))
    web.put("/nitf/2", "two")
    (delivery,) = take(source(web), cursor)
    assert isinstance(delivery, Delivery)
    assert delivery.linked == {"/nitf/2": b"two"}


def test_document_that_is_late(web: Web, cursor: Cursor) -> None:
    """While a linked document's server is ill, the page waits: no story without its text."""
    web.put("/feed", page(None, item("/nitf/1")))
    web.put("/nitf/1", status=503, retry_after="7")
    with pytest.raises(SourceUnavailable) as caught:
        take(source(web), cursor)
    assert caught.value.retry_after_seconds == 7


def test_next_page_elsewhere(web: Web, cursor: Cursor) -> None:
    """A next link to a host that the feed does not allow is not followed."""
    web.put("/feed", page("http://169.254.169.254/feed", {}))
    with pytest.raises(SourceUnavailable, match="not among its hosts"):
        take(source(web), cursor)


def test_damaged_page_is_delivered(web: Web, cursor: Cursor) -> None:
    """A page that is no JSON is a delivery too: the format says what is wrong with it."""
    web.put("/feed", '{"data": ')
    assert texts(take(source(web), cursor)) == [b'{"data": ']


def test_token_is_sent(web: Web, cursor: Cursor) -> None:
    """The key of the interface goes into the header that it asks for."""
    web.put("/feed", page(None, {}))
    take(source(web, token="key", token_header="x-api-key"), cursor)
    assert web.asked[0][1]["x-api-key"] == "key"


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("a.*.b", [1, 2]),
        ("a.*", [{"b": 1}, {"b": 2}, 3]),
        ("c.d", [None]),
        ("c.*", []),
        ("x.y", []),
        ("a.b", []),
    ],
)
def test_pick(place: str, found: list[Any]) -> None:
    """A place leads through keys and lists; where there is none, nothing is found."""
    document = {"a": [{"b": 1}, {"b": 2}, 3], "c": {"d": None}}
    assert list(pick(document, place)) == found
