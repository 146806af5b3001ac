"""What a person may not see makes no difference to any answer: not a count, an id or an error.

There are two newsrooms. One holds everything, the other only what the person may see. Whatever the
person asks, of whatever story, both answer the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import quote, unquote

import msgspec
import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from pipeline.desk.users import Users
from pipeline.search.facets import FACETS
from pipeline.search.visible import Role
from pipeline.wire.enriched import Enriched
from pipeline.wire.enriched import Quote as Said
from pipeline.wire.story import Signal, Status
from pipeline.wire.versions import blank
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine

NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = "Quillfeather"
"""A name that stands only in what the person may not see."""


def story(
    id: str, hours: float, source: str = "AP", name: str = "Marlow", **fields: Any
) -> Enriched:
    """A story of one event: all tell of the ferry, by other words."""
    at = NOW - timedelta(hours=hours)
    text = f'The ferry Aurora ran aground off Suva with 40 aboard, {name} Smith said. "We wait."'
    record = enriched(
        id,
        fields.pop("headline", f"Ferry aground off Suva, {name} says"),
        text,
        persons=[f"{name} Smith"],
        organisations=[f"{name} Line"],
        places=["Suva"],
        dateline="SUVA",
        source=source,
        published_at=at,
        received_at=at,
        slugline=f"FERRY-{name}",
        **fields,
    )
    said = Said(start=text.index("We"), end=text.index("We") + 8, speaker=record.entities[0].id)
    return msgspec.structs.replace(record, quotes=(said,))


def shown() -> list[Enriched]:
    """What a reader of AP may see."""
    return [
        story("ap-2", 3, version=1),
        story("ap-1", 2, headline="Ferry aground off Suva, captain asks for tugs"),
        story("ap-2", 3, version=2, headline="Ferry freed off Suva", signal=Signal.CORRECTION),
        story("ap-killed", 4, version=1),
    ]


def hidden() -> list[Enriched]:
    """What such a reader may not see: other sources, none, embargoed and held stories."""
    later = {"status": Status.EMBARGOED, "embargoed_until": NOW + timedelta(days=1)}
    return [
        story("afp-1", 5, "AFP", SECRET, urgency=1),
        story("afp-2", 1, "AFP", SECRET, signal=Signal.CORRECTION, version=2),
        story("afp-plain", 1.5, "AFP", "Marlow"),
        story("none-1", 1, None, SECRET),  # type: ignore[arg-type]
        story("ap-early", 1, name=SECRET, **later),
        story("ap-held", 1, name=SECRET, status=Status.EMBARGOED),
        story("afp-killed", 6, "AFP", SECRET),
    ]


def kill(record: Enriched) -> Enriched:
    """Its withdrawal."""
    withdrawn = msgspec.structs.replace(
        record.story, status=Status.WITHDRAWN, version=9, ednote=f"Kill {record.story.id}"
    )
    return Enriched(story=blank(withdrawn), provenance=record.provenance)


IDS = [*dict.fromkeys(each.story.id for each in (*shown(), *hidden())), "never-was"]
ASKED = [
    *("", "q=ferry", f"q={SECRET}", f"q={SECRET[:-1]}x", f"q=ferry+{SECRET}", "q=said:wait"),
    *(f"q=by:{SECRET}", f"person={SECRET}+Smith", "source=AFP", "sort=oldest&size=1"),
    *("collapse=true&q=ferry", "collapse=events", "status=withdrawn", "status=embargoed"),
    *("urgency=1", "near=-18.1,178.4", "typed=all", f"typed={SECRET[:4]}", "signal=correction"),
]
PARTS = {
    "story_id:path": IDS,
    "name:path": IDS,
    "form": ("jsonl", "csv", "ninjs", "geojson", "txt"),
    "name": [*FACETS, "nothing"],
}
"""The values of each part of an address."""
STREAMS = ("/api/live", "/desk/live", "/api/trending/live")
OF_THE_PROCESS = ("/metrics", "/healthz", "/readyz", "/openapi.json", "/docs", "/redoc")
"""Addresses that never end, and those that show no story."""


@pytest.fixture(scope="module")
def rooms(
    embedded: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Newsroom, Newsroom]]:
    """The newsroom that holds everything, and the one that holds what may be seen."""
    with (
        newsroom(embedded, tmp_path_factory.mktemp("all"), token=None) as everything,
        newsroom(embedded, tmp_path_factory.mktemp("some"), token=None) as some,
    ):
        everything.index(*hidden(), *shown())
        everything.index(kill(hidden()[-1]))
        some.index(*shown())
        for room in (everything, some):
            room.index(kill(shown()[-1]))
            room.group()
        yield everything, some


@pytest.fixture(scope="module")
def clients(rooms: tuple[Newsroom, Newsroom]) -> Iterator[tuple[TestClient, TestClient]]:
    """Both, asked by a reader of AP."""
    tokens = [Users(room.settings.data_dir).add("ap", Role.READER, ["AP"]) for room in rooms]
    with served(rooms[0]) as one, served(rooms[1]) as other:
        for client, token in zip((one, other), tokens, strict=True):
            client.auth = ("x", token)
        yield one, other


def addresses(room: Newsroom) -> list[str]:
    """Every address that can be read, of every story."""
    included = (getattr(each, "original_router", None) for each in room.app.routes)
    routes = [*room.app.routes, *(each for router in included if router for each in router.routes)]
    paths = {
        each.path for each in routes if isinstance(each, Route) and "GET" in (each.methods or ())
    }
    made = []
    for path in sorted(paths.difference(STREAMS, OF_THE_PROCESS)):
        parts = re.findall(r"\{([^}]+)\}", path)
        for values in product(*(PARTS[part] for part in parts)):
            filled = path
            for part, value in zip(parts, values, strict=True):
                filled = filled.replace(f"{{{part}}}", quote(value))
            made.append(filled)
    return made


_TIMES = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?|"
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})"
)
_PASSING = re.compile(
    r"seen=[\w%.:-]+|"
    r'"took_ms":\d+|"cursor":"[^"]+"|[?&](?:amp;)?cursor=[\w%.=-]+|"key":\d+|nonce="[^"]+"|'
    r"data-since=\"[^\"]*\"|\b\d+(?:\.\d+)? (?:ms|seconds?|minutes?|min)\b"
)


def told(client: TestClient, address: str) -> tuple[int, str]:
    """What an answer says, without what differs from one moment to the next."""
    answer = client.get(address, follow_redirects=False)
    text = unquote(answer.headers.get("location", "") + answer.text)
    return answer.status_code, _PASSING.sub("#", _TIMES.sub("#", text))


def test_what_may_not_be_seen_makes_no_difference(
    rooms: tuple[Newsroom, Newsroom], clients: tuple[TestClient, TestClient]
) -> None:
    """Each address of each story gives the same answer as where nothing is hidden."""
    asked = addresses(rooms[0])
    assert {"/", "/api/search", "/event/afp-1", "/api/reach/afp-killed", "/values/person"} <= {
        *asked
    }
    differing = {}
    for path in asked:
        queries = ASKED if "/" + path.split("/")[1] in ("/", "/feed.rss", "/feed.json") else ()
        queries = ASKED if path.count("/") < 4 and not any(n in path for n in IDS) else queries
        for query in queries or ("",):
            address = f"{path}?{query}" if query else path
            one, other = (told(client, address) for client in clients)
            if one != other:
                differing[address] = (one, other)
    assert not differing, _explained(differing)


@pytest.mark.parametrize("story_id", IDS)
def test_nothing_is_kept_of_what_may_not_be_seen(
    clients: tuple[TestClient, TestClient], story_id: str
) -> None:
    """A pin on a hidden story is answered as one on a story that does not exist."""
    codes = {
        client.post("/desk/pins", data={"id": story_id}, follow_redirects=False).status_code
        for client in clients
    }
    assert codes == ({303} if story_id in ("ap-1", "ap-2") else {404})


def _explained(differing: dict[str, tuple[tuple[int, str], tuple[int, str]]]) -> str:
    """The addresses, each with the place where its answers part."""
    lines = []
    for address, ((code, text), (others_code, other)) in differing.items():
        at = next(
            (n for n, (a, b) in enumerate(zip(text, other, strict=False)) if a != b),
            min(len(text), len(other)),
        )
        around = slice(max(0, at - 60), at + 80)
        lines.append(f"{address}: {code} {text[around]!r}, not {others_code} {other[around]!r}")
    return "\n".join([f"{len(lines)} addresses", *lines])
