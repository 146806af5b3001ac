"""What likeness, history and made-up cursors must not show; and what a hung index costs."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.search.cursors import Cursor, digest, encode
from pipeline.search.request import SearchRequest
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Signal, Status
from pipeline.wire.versions import blank
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine

STRIKE = (
    "Dockers of the harbour of Valparaiso went on strike on Monday over wages and shifts. "
    "The union said that cranes would stand still until the port company came back to the table."
)
LATER = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}


def about_the_strike(name: str, **fields: Any) -> Enriched:
    """A story about one strike, as alike as stories get."""
    return enriched(f"ap:{name}", "Dockers strike in Valparaiso", f"{STRIKE} {name}.", **fields)


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Stories that are alike, some of them hidden, and one whose first version was embargoed."""
    with newsroom(engine, tmp_path_factory.mktemp("visibility")) as made:
        made.index(*(about_the_strike(name) for name in ("first", "second", "third")))
        made.index(about_the_strike("held", **LATER))
        made.index(about_the_strike("endless", status=Status.EMBARGOED))
        # A withdrawal that kept its text: only the filter hides it.
        made.index(about_the_strike("killed", status=Status.WITHDRAWN))
        made.index(enriched("ap:freed", "Council votes", "A secret vote.", version=1, **LATER))
        made.index(enriched("ap:freed", "Council voted", "An open vote.", version=2))
        made.index(enriched("ap:freed", "Council has voted", "An open vote.", version=3))
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """A client of the application."""
    with served(room) as made:
        yield made


def test_more_like_this_hides_the_hidden(client: TestClient) -> None:
    """The most alike stories are found, but for those that may not be shown."""
    found = {hit["id"] for hit in client.get("/api/alike/ap:first").json()}
    assert found == {"ap:second", "ap:third"}
    assert "ap:held" not in client.get("/story/ap:first").text


def test_an_embargoed_version_stays_hidden(client: TestClient) -> None:
    """A later version without an embargo does not open the version before it."""
    versions = client.get("/api/versions/ap:freed").json()
    assert [version["version"] for version in versions] == [3, 2]
    newest = versions[0]["key"]
    hidden = versions[1]["key"] - 2000  # each wire version is two further, in steps of 1000
    for path in (
        f"/api/versions/ap:freed?key={hidden}",
        f"/api/differences/ap:freed?older={hidden}&newer={newest}",
        f"/story/ap:freed?version={hidden}",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get(f"/api/versions/ap:freed?key={versions[1]['key']}").status_code == 200
    shown = client.get(f"/story/ap:freed?older={hidden}&newer={newest}").text
    assert "secret" not in shown


def test_kills_and_corrections_are_listed(room: Newsroom, client: TestClient) -> None:
    """Withdrawals without their text, corrections that may be shown, and nothing else."""
    correction = {"signal": Signal.CORRECTION, "version": 2}
    room.index(enriched("ap:fixed", "Mayor named rightly", **correction))
    room.index(enriched("ap:fixed-held", "Mayor of Nauru", **correction, **LATER))
    kill = enriched("ap:gone", status=Status.WITHDRAWN, slugline="MAYOR", ednote="It is wrong.")
    room.index(Enriched(story=blank(kill.story), provenance=kill.provenance))
    text = client.get("/notices").text
    assert "Mayor named rightly" in text
    assert "MAYOR" in text
    assert "It is wrong." in text
    assert "Nauru" not in text
    assert "ap:killed" in text
    assert "Valparaiso" not in text
    assert "Council has voted" not in text


@pytest.mark.parametrize("after", [[], [0, "ap:a"]])
def test_a_made_up_cursor_shows_nothing_hidden(client: TestClient, after: list[Any]) -> None:
    """A cursor whose time lies ahead of every embargo, or that skips the check, lists no secret."""
    asked = SearchRequest(q="dockers", sort="oldest", size=1)
    first = client.get("/api/search?q=dockers&sort=oldest&size=1").json()
    pit = decoded(first["cursor"])
    ahead = datetime(2200, 1, 1, tzinfo=UTC)
    forged = encode(Cursor(pit, after, ahead, digest(asked)))
    answer = client.get(
        "/api/search", params={"q": "dockers", "sort": "oldest", "size": 100, "cursor": forged}
    )
    assert answer.status_code in (200, 400, 410)
    for name in ("ap:held", "ap:endless", "ap:killed"):
        assert name not in answer.text


def decoded(cursor: str) -> str:
    """The point in time of a cursor."""
    return str(json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[0])


def test_a_hung_index_costs_five_seconds(engine: Engine, client: TestClient) -> None:
    """Page and API answer 503 in time, the page keeps the query, and both work afterwards."""
    engine.index.pause()
    try:
        while client.get("/api/suggest?q=dock").status_code != 503:  # the signal takes a moment
            pass
        for path in ("/?q=dockers", "/api/search?q=dockers", "/story/ap:first", "/feed.rss"):
            started = time.monotonic()
            answer = client.get(path)
            assert answer.status_code == 503, path
            assert time.monotonic() - started < 6
            assert answer.headers["retry-after"] == "5"
            assert "does not answer" in answer.text
            if path.startswith("/?"):
                assert 'value="dockers"' in answer.text
    finally:
        engine.index.resume()
    deadline = time.monotonic() + 30
    while client.get("/?q=dockers").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
