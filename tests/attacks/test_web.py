"""Hostile requests to page and API: an answer that says so, and the next reader is served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.attacks.payloads import MEGABYTE
from tests.integration.web.newsroom import newsroom, served
from tests.records import enriched
from tests.servers import Engine


@pytest.fixture(scope="module")
def client(embedded: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A page over one story."""
    with newsroom(embedded, tmp_path_factory.mktemp("web")) as room:
        room.index(enriched("ap:1", "Ferry sails", "It sailed."))
        with served(room) as client:
            yield client


QUERIES = {
    "parentheses": "(" * 900,
    "words": "a " * 500,
    "wildcards": "*a* " * 240,
    "leading wildcards": "?" * 990,
    "negations": "-" * 990,
    "alternatives": "a OR " * 190,
    "fields": "person:" * 140,
    "phrases": '"a" ' * 240,
    "quotes": '"' * 999,
    "a regular expression": "/(a+)+$/ " + "a" * 900,
    "the index's own language": '{"match_all":{}} _exists_:id script:1',
    "controls": "".join(map(chr, range(1, 32))),
    "bidirectional controls": "\u202e" * 900,
    "astral": "\U0001f4a3" * 900,
    "HTML": "<script>alert(1)</script>",
}
PATHS = ["/", "/api/search", "/api/suggest", "/feed.rss", "/feed.json", "/api/export/csv"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_any_query_is_answered(client: TestClient, path: str, query: str) -> None:
    """No words that somebody asks for are an error of ours, nor come back as HTML."""
    answer = client.get(path, params={"q": query})
    assert answer.status_code in (200, 422), answer.text[:200]
    if "json" not in answer.headers["content-type"]:
        assert "<script>alert" not in answer.text


LONG = "x" * 60_000
REQUESTS: dict[str, dict[str, Any]] = {
    "a query of sixty kilobytes": {"url": "/api/search", "params": {"q": LONG}},
    "a cursor of sixty kilobytes": {"url": "/api/search", "params": {"cursor": LONG}},
    "a million results": {"url": "/api/search", "params": {"size": 1_000_000}},
    "a filter five thousand times": {"url": "/api/search", "params": {"person": ["x"] * 5_000}},
    "an id of sixty kilobytes": {"url": f"/api/stories/{LONG}"},
    "an id that leads up": {"url": "/api/stories/..%2f..%2f_cluster%2fsettings"},
    "an id of another index": {"url": "/api/stories/..%2Fother%2F_doc%2F1"},
    "a page that leads up": {"url": "/story/..%2f..%2fetc%2fpasswd"},
    "a file that leads up": {"url": "/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd"},
    "a file of another name": {"url": "/static/%2e%2e/pages.py"},
    "a file by its path": {"url": "/static//etc/passwd"},
    "dates that are none": {"url": "/", "params": {"since": "9" * 400, "until": "-1"}},
    "a place that is none": {"url": "/api/search", "params": {"near": "nan,inf"}},
    "a rectangle without end": {"url": "/api/search", "params": {"bbox": "1e999,0,0,0"}},
    "a radius without end": {
        "url": "/api/search", "params": {"near": "1,1", "radius_km": "1e999"},
    },
    "versions that are none": {"url": "/story/ap:1", "params": {"older": "x", "newer": 2**80}},
    "a version past 64 bits": {"url": "/story/ap:1", "params": {"version": 2**80}},
}  # fmt: skip


@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
def test_no_request_is_an_error_of_ours(client: TestClient, asked: dict[str, Any]) -> None:
    """It is refused, or finds nothing; nothing outside is shown; the next reader is served."""
    answer = client.get(**asked)
    assert 400 <= answer.status_code < 500 or asked["url"] == "/", answer.text[:200]
    assert answer.status_code < 500
    assert "root:" not in answer.text
    assert "import" not in answer.text
    assert client.get("/api/search", params={"q": "ferry"}).json()["total"] == 1


@pytest.mark.parametrize("path", ["/operations", "/operations/replay", "/operations/leave"])
@pytest.mark.parametrize("body", [b"token=" + b"x" * MEGABYTE, b"\xff" * 4000, b"a&" * 2000])
def test_no_form_is_an_error_of_ours(client: TestClient, path: str, body: bytes) -> None:
    """A form too long or of nonsense is refused before it is read whole, and opens nothing."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post(path, content=body, headers=headers, follow_redirects=False)
    assert answer.status_code in (303, 401, 413), answer.text[:200]
    assert "newswire_operations" not in answer.cookies
