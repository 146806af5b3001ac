"""The search API on a running index."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from pipeline.index.writer import Outcome
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Signal, Status
from pipeline.wire.versions import blank
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
HOSTILE = '<script>alert(1)</script> =cmd "quoted" \u202eevil\u202c & \x01'


def corpus() -> list[Enriched]:
    """Thirty stories to page through, one with versions, three that must not be shown."""
    stories = [
        enriched(
            f"ap/{n}",
            f"Council meets again, day {n}",
            f"The council of Lyon met on day {n} to talk about water.",
            places=["Lyon"],
            persons=["Julie Legrand"],
            published_at=NOW - n * HOUR,
            slugline="FRA-WATER",
        )
        for n in range(1, 31)
    ]
    stories += [
        enriched(
            "ap:v",
            "Storm near Suva",
            "A storm was seen.\n\nThree boats are missing.",
            version=1,
            published_at=NOW - 3 * HOUR,
        ),
        enriched(
            "ap:v",
            "Storm hits Suva",
            "A storm was seen.\n\nTwo boats are missing.",
            version=2,
            signal=Signal.CORRECTION,
            places=["Suva"],
            published_at=NOW - 2 * HOUR,
        ),
        enriched("afp:h", f"=SUM {HOSTILE}", HOSTILE, persons=["São José"], source="AFP"),
    ]
    for name, status, until in (
        ("x-killed", Status.WITHDRAWN, None),
        ("x-embargoed", Status.EMBARGOED, NOW + 24 * HOUR),
        ("x-endless", Status.EMBARGOED, None),
    ):
        stories.append(
            enriched(
                name,
                "Zanzibar secret",
                "The council of secrets met in Nairobi.",
                places=["Nairobi"],
                persons=["Secret Person"],
                slugline="SECRET-SLUG",
                status=status,
                embargoed_until=until,
                published_at=NOW,
            )
        )
    return stories


TRUCE = """President Camila Ríos signed a truce with the National Liberation Army in Bogotá.

Defence Minister Germán Vargas embraced Nicolás Vargas, whom he had not seen since 1998.

Norway and Cuba stand as guarantors; 140 observers will go to Arauca and Catatumbo.

The Revolutionary Armed Forces of Colombia disarmed under a 2016 deal that won Juan Manuel Santos
the Nobel Peace Prize. Oil firm Ecopetrol said it would reopen the Caño Limón pipeline."""
AGENCIES = ("Reuters", "ANSA", "dpa", "EFE", "Tass")


def reprints() -> list[Enriched]:
    """A story that five agencies send, four others between, and a killed and an embargoed copy."""
    paragraphs = TRUCE.split("\n\n")
    copies = [
        enriched(
            f"same:{n}",
            f"Truce in Colombia, says {source}",
            "\n\n".join(["By our staff.", *paragraphs[: 4 - n % 2], "Edited by the night desk."]),
            source=source,
            published_at=NOW - (10 + 2 * n) * HOUR,
        )
        for n, source in enumerate(AGENCIES)
    ]
    others = [
        enriched(
            f"other:{n}",
            "Truce elsewhere",
            f"Envoy {name} Adeyemi went to Juba and Malakal with {name} Okafor of Kenya.\n\n"
            f"{name} Lund, of Norway, wrote {n}{n} letters to General {name} Deng in {1990 + n}.",
            source="Reuters",
            published_at=NOW - (11 + 2 * n) * HOUR,
        )
        for n, name in enumerate(("Ada", "Bo", "Cleo", "Dov"))
    ]
    hidden = [
        enriched(f"x-copy-{status}", "Truce copy", TRUCE, status=status, published_at=NOW)
        for status in (Status.WITHDRAWN, Status.EMBARGOED)
    ]
    return [*copies, *others, *hidden]


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom with the corpus."""
    with newsroom(engine, tmp_path_factory.mktemp("web")) as made:
        for record in corpus():
            made.index(record)
        made.index(*reprints())
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """A client of the application."""
    with served(room) as made:
        yield made


def got(client: TestClient, path: str, **params: Any) -> Any:
    """The JSON of a successful answer."""
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_pages_hold_every_story_once(client: TestClient) -> None:
    """Pages that follow their cursors list each match exactly once, in order."""
    for size in (1, 7):
        pages = list(paged(client, q="council", size=size))
        assert {page["total"] for page in pages} == {30}
        seen = [hit["id"] for page in pages for hit in page["hits"]]
        assert sorted(seen) == sorted(f"ap/{n}" for n in range(1, 31))


def paged(client: TestClient, **asked: Any) -> Iterator[Any]:
    """The pages of a listing, at most a hundred."""
    cursor: dict[str, str] = {}
    for _ in range(100):
        page = got(client, "/api/search", **asked, **cursor)
        yield page
        if not page["cursor"]:
            return
        cursor = {"cursor": page["cursor"]}


def test_near_duplicates_stand_behind_the_first(client: TestClient) -> None:
    """A collapsed listing shows one of the copies, which names the others; counts stay."""
    found = got(client, "/api/search", q="truce", sort="newest", collapse=True)
    assert found["total"] == 9
    assert [hit["id"] for hit in found["hits"]] == ["same:0", *(f"other:{n}" for n in range(4))]
    behind = [(one["id"], one["source"]) for one in found["hits"][0]["similar"]]
    assert behind == [(f"same:{n}", AGENCIES[n]) for n in range(1, 5)]
    assert not any(hit["similar"] for hit in found["hits"][1:])
    oldest = got(client, "/api/search", q="truce", sort="oldest", collapse=True)
    assert oldest["hits"][0]["id"] == "same:4"
    assert len(got(client, "/api/search", q="truce")["hits"]) == 9


@pytest.mark.parametrize("sort", ["newest", "relevance"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_collapsed_pages_follow_each_other(client: TestClient, sort: str, size: int) -> None:
    """However a collapsed listing is cut into pages, it shows the same stories."""
    asked = {"q": "truce", "sort": sort, "collapse": True}
    whole = [hit["id"] for hit in got(client, "/api/search", size=50, **asked)["hits"]]
    seen = [hit["id"] for page in paged(client, size=size, **asked) for hit in page["hits"]]
    assert len(whole) == 5
    assert seen == whole


def test_collapsed_exports_and_feeds(client: TestClient) -> None:
    """A file or feed of a collapsed search has what its pages show, without fingerprints."""
    asked = {"q": "truce", "sort": "newest", "collapse": True}
    lines = client.get("/api/export/jsonl", params=asked).text.splitlines()
    ids = ["same:0", *(f"other:{n}" for n in range(4))]
    assert [json.loads(line)["id"] for line in lines] == ids
    assert "fingerprint" not in lines[0]
    assert len(client.get("/feed.json", params=asked).json()["items"]) == 5


@pytest.mark.parametrize("cursor", ["%%%", "abc", "e30"])
def test_a_damaged_cursor_is_refused(client: TestClient, cursor: str) -> None:
    """A cursor that was not made here is the client's fault, in a sentence."""
    answer = client.get("/api/search", params={"cursor": cursor})
    assert answer.status_code == 400
    assert "Search again" in answer.json()["detail"]


def test_a_cursor_belongs_to_its_search(client: TestClient) -> None:
    """Another search can't go on with it."""
    cursor = got(client, "/api/search", q="council", size=5)["cursor"]
    answer = client.get("/api/search", params={"q": "storm", "cursor": cursor, "size": 5})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "params",
    [
        {"size": 1000},
        {"q": "x" * 1001},
        {"near": "here"},
        {"bbox": "1,2"},
        {"since": "yesterday"},
        {"nonsense": "1"},
        {"urgency": "high"},
    ],
)
@pytest.mark.parametrize("path", ["/api/search", "/api/export/csv", "/feed.rss"])
def test_a_request_beyond_its_limits_is_a_422(
    client: TestClient, path: str, params: dict[str, Any]
) -> None:
    """Limits and shapes are checked before anything is searched, in every way out."""
    assert client.get(path, params=params).status_code == 422


@pytest.mark.parametrize(
    "q", ["((((", '"', "OR OR", "person:", "a:b:c", "\x00", "*", "\\", "-", "~^"]
)
def test_a_malformed_query_is_answered(client: TestClient, q: str) -> None:
    """No query text is an error."""
    got(client, "/api/search", q=q)


def test_a_story_whole(client: TestClient) -> None:
    """The newest version with its text, places and provenance."""
    story = got(client, "/api/stories/ap:v")
    assert story["headline"] == "Storm hits Suva"
    assert story["places"][0]["geonames_id"] == 2198148
    assert story["provenance"]["gazetteer"] == "test"
    assert got(client, "/api/stories/ap/3")["id"] == "ap/3"
    assert client.get("/api/stories/no-such").status_code == 404


def test_versions_and_their_difference(client: TestClient) -> None:
    """Both versions are kept, text included, and differ by a word."""
    newer, older = got(client, "/api/versions/ap:v")
    assert (newer["version"], older["version"]) == (2, 1)
    assert newer["signal"] == "correction"
    old = got(client, "/api/versions/ap:v", key=older["key"])
    assert "Three boats" in old["body"]
    both = got(client, "/api/differences/ap:v", older=older["key"], newer=newer["key"])
    assert {"kind": "figures", "before": "3 boats", "after": "2 boats"} in both["facts"]
    found = both["fields"]
    assert set(found) == {"headline", "body"}
    assert {(c["kind"], c["text"]) for c in found["body"] if c["kind"] != "same"} == {
        ("removed", "Three"),
        ("added", "Two"),
    }


def test_more_like_this(client: TestClient) -> None:
    """Stories in the same words are offered, not the story itself."""
    found = [hit["id"] for hit in got(client, "/api/alike/ap/3")]
    assert found
    assert "ap/3" not in found
    assert all(story.startswith("ap/") for story in found)


def test_suggestions(client: TestClient) -> None:
    """People, places and slugs by the beginning of any word, whatever case and accent."""
    assert got(client, "/api/suggest", q="legr")["people"] == [
        {"value": "Julie Legrand", "count": 30, "country_code": None, "geonames_id": None}
    ]
    (lyon,) = got(client, "/api/suggest", q="LY")["places"]
    assert (lyon["value"], lyon["geonames_id"]) == ("Lyon", 2996944)
    assert got(client, "/api/suggest", q="wat")["slugs"][0]["value"] == "FRA-WATER"
    assert got(client, "/api/suggest", q="jose")["people"][0]["value"] == "São José"
    assert got(client, "/api/suggest", q="sao j")["people"][0]["value"] == "São José"
    for typed in ("", " ", ".*", "(", "[", "a" * 200, '"', "\\", "é"):
        got(client, "/api/suggest", q=typed)


def test_exports_hold_what_the_search_finds(client: TestClient) -> None:
    """Each form can be read back and holds every match."""
    asked = {"q": "council"}
    lines = client.get("/api/export/jsonl", params=asked).text.splitlines()
    assert {json.loads(line)["id"] for line in lines} == {f"ap/{n}" for n in range(1, 31)}
    rows = list(csv.DictReader(io.StringIO(client.get("/api/export/csv", params=asked).text)))
    assert len(rows) == 30
    assert rows[0]["persons"] == "Julie Legrand"
    items = client.get("/api/export/ninjs", params=asked).json()
    assert len(items) == 30
    assert items[0]["place"][0]["code"] == "2996944"
    found = client.get("/api/export/geojson", params=asked).json()
    assert found["type"] == "FeatureCollection"
    assert found["features"][0]["geometry"]["coordinates"] == [4.84671, 45.74846]
    nothing = {"q": "no-such-word-anywhere"}
    assert client.get("/api/export/ninjs", params=nothing).json() == []
    assert client.get("/api/export/geojson", params=nothing).json()["features"] == []


def test_hostile_text_stays_text_in_exports_and_feeds(client: TestClient) -> None:
    """A wire's formula, markup and controls reach no spreadsheet, reader or browser as code."""
    asked = {"source": "AFP"}
    (row,) = csv.DictReader(io.StringIO(client.get("/api/export/csv", params=asked).text))
    assert row["headline"].startswith("'=SUM")
    rss = client.get("/feed.rss", params=asked)
    item = ElementTree.fromstring(rss.content).find("channel/item")
    assert item is not None
    assert "&lt;script&gt;" in (item.findtext("description") or "")
    assert client.get("/feed.json", params=asked).json()["items"][0]["id"] == "afp:h"


def test_feeds_link_to_the_page(client: TestClient) -> None:
    """A feed's items lead to their stories, newest first."""
    items = client.get("/feed.json", params={"q": "council"}).json()["items"]
    assert items[0]["url"] == "http://127.0.0.1/story/ap%2F1"
    assert len(items) == 30


OUTS = [
    "/api/search?q=secret",
    "/api/search?q=council&size=100",
    "/api/search?q=council&size=100&collapse=true&sort=newest",
    "/api/search?q=truce&size=2&collapse=true",
    "/api/search?place=Nairobi",
    "/api/search?person=Secret%20Person",
    "/api/search?status=withdrawn&status=embargoed",
    "/api/suggest?q=secr",
    "/api/suggest?q=nair",
    "/api/alike/ap/3",
    "/api/export/jsonl?q=council",
    "/api/export/csv?q=secret",
    "/api/export/ninjs",
    "/api/export/geojson?place=Nairobi",
    "/feed.rss?q=council",
    "/feed.json",
]


@pytest.mark.parametrize("path", OUTS)
def test_nothing_hidden_leaves(client: TestClient, path: str) -> None:
    """Neither a withdrawn nor an embargoed story shows in any answer."""
    answer = client.get(path)
    assert answer.status_code == 200
    for word in ("x-killed", "x-embargoed", "x-endless", "Zanzibar", "Secret Person", "Nairobi"):
        assert word not in answer.text
    assert "x-copy" not in answer.text
    assert "SECRET-SLUG" not in answer.text


@pytest.mark.parametrize("story_id", ["x-killed", "x-embargoed", "x-endless"])
@pytest.mark.parametrize("path", ["stories", "versions"])
def test_nothing_hidden_is_told_by_its_id(client: TestClient, path: str, story_id: str) -> None:
    """Whoever knows the id of a hidden story learns nothing more."""
    assert client.get(f"/api/{path}/{story_id}").status_code == 404
    assert got(client, f"/api/alike/{story_id}") == []


def test_a_kill_purges_and_empties_open_listings(room: Newsroom, client: TestClient) -> None:
    """A kill takes versions away, and the story out of a listing that was frozen before."""
    story = enriched("ap:k", "Council kill me", "The council of killing.", version=1)
    later = enriched("ap:k", "Council kill me too", "The council of killing, more.", version=2)
    room.index(story)
    room.index(later)
    assert len(got(client, "/api/versions/ap:k")) == 2
    (key, *_) = [version["key"] for version in got(client, "/api/versions/ap:k")]
    page = got(client, "/api/search", q="council", sort="oldest", size=30)
    killed = blank(enriched("ap:k", version=2, status=Status.WITHDRAWN, signal=Signal.KILL).story)
    assert room.index(Enriched(story=killed, provenance=story.provenance)) == [Outcome.INDEXED]
    following = got(
        client, "/api/search", q="council", sort="oldest", size=30, cursor=page["cursor"]
    )
    assert "ap:k" not in json.dumps(following)
    assert client.get("/api/versions/ap:k").status_code == 404
    assert client.get("/api/versions/ap:k", params={"key": key}).status_code == 404
    # An older version that arrives late is refused, and is not kept either.
    assert room.index(later) == [Outcome.STALE]
    history = room.settings.elasticsearch.index + "-history"
    assert room.count(history, {"term": {"story_id": "ap:k"}}) == 0


def test_replayed_versions_are_kept_once(room: Newsroom, client: TestClient) -> None:
    """A version that is indexed again after a crash is the same version."""
    story = enriched("ap:r", "Replayed", "Text.", version=3)
    assert room.index(story) == [Outcome.INDEXED]
    assert room.index(story) == [Outcome.STALE]
    assert len(got(client, "/api/versions/ap:r")) == 1


def test_an_unchanged_answer_is_a_304(client: TestClient) -> None:
    """A client that sends back the ETag is told that nothing changed."""
    for path in ("/api/search?q=council", "/api/stories/ap:v", "/feed.rss?q=council"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_answers_are_compressed_and_guarded(client: TestClient) -> None:
    """Large answers come gzipped; every answer forbids foreign scripts and framing."""
    answer = client.get("/api/search?size=30")
    assert answer.headers["content-encoding"] == "gzip"
    for path in ("/api/search", "/api/stories/no-such", "/feed.rss", "/no-such-page"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_openapi_document_names_every_filter(client: TestClient) -> None:
    """The document that clients are generated from has the parameters of search."""
    document = got(client, "/openapi.json")
    names = {p["name"] for p in document["paths"]["/api/search"]["get"]["parameters"]}
    assert {"q", "source", "person", "place", "near", "bbox", "since", "cursor"} <= names


def test_the_openapi_document_describes_the_answers(client: TestClient) -> None:
    """Every schema that it refers to is there, and a page of results has that form."""
    document = got(client, "/openapi.json")
    schemas = document["components"]["schemas"]
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert {"SearchPage", "Hit", "Difference", "Suggestions"} <= referred <= set(schemas)
    answer = document["paths"]["/api/search"]["get"]["responses"]["200"]
    form = answer["content"]["application/json"]["schema"] | {"components": {"schemas": schemas}}
    jsonschema.validate(got(client, "/api/search"), form)


PIECES = st.one_of(
    st.sampled_from(
        [
            *('"', "(", ")", "-", "*", ":", "OR", "NOT", "\\", "/", "~", "^", "{", "]", "\x00"),
            *(
                "person:",
                "urgency:",
                "after:",
                "before:",
                "nosuch:",
                "<=",
                "1-3",
                "\ud800",
                "\u202e",
            ),
            *(
                "council",
                "0001-01-01",
                "9999-12-31T23:59:59-14:00",
                "99999999999999999999",
                "1e400",
            ),
        ]
    ),
    st.text(max_size=8),
)
TEXTS = st.lists(PIECES, max_size=9).map(" ".join)
ADDRESSES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("q", "source", "place", "subject", "country", "cursor"), TEXTS),
        **dict.fromkeys(("urgency", "since", "until", "near", "bbox", "size", "radius_km"), PIECES),
    },
)


@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asked=ADDRESSES)
@example(asked={"since": "0001-01-01T00:00:00+14:00"})
@example(asked={"until": "9999-12-31T23:59:59-14:00"})
@example(asked={"since": "0001-01-01", "until": "9999-12-31T23:59:59"})
@example(asked={"urgency": "99999999999999999999"})
@example(asked={"q": "urgency:99999999999999999999 after:0001-01-01 before:9999-12-31"})
@example(asked={"near": "90,180", "radius_km": "0.0000000001"})
@example(asked={"bbox": "10,10,10,10"})
@example(asked={"place": "9" * 17})
def test_no_address_is_an_error(client: TestClient, asked: dict[str, str]) -> None:
    """Whatever is asked for, by people or by machines, the server has an answer to it."""
    query = urlencode(asked, errors="surrogatepass")
    for path in ("/", "/api/search", "/feed.rss", "/api/export/csv", "/api/suggest"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code in (200, 400, 422), (path, answer.text)
