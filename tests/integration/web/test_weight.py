"""What a page weighs on the wire, compressed."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import PLACES, enriched
from tests.servers import engine

PAGE_BYTES, DESK_BYTES = 60_000, 150_000
COLUMNS = 6
WORDS = [
    "harbour",
    "council",
    "vote",
    "strike",
    "ferry",
    "storm",
    "price",
    "market",
    "school",
    "bridge",
    "river",
    "court",
]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Enough stories to fill every list, with words of their own each."""
    folder = tmp_path_factory.mktemp("weight")
    with engine("embedded", folder) as running, newsroom(running, folder) as made:
        now = datetime.now(UTC)
        made.index(
            *(
                enriched(
                    f"ap:{n}",
                    " ".join(f"{WORDS[(n * k) % 12]}{n % 7}" for k in range(1, 9)).capitalize(),
                    " ".join(f"{WORDS[(n + k * k) % 12]}{(n * k) % 97}" for k in range(300)),
                    places=[[*PLACES][n % len(PLACES)]],
                    persons=[f"Person {n % 23}"],
                    slugline=f"BC-story-{n}",
                    urgency=1 + n % 5,
                    published_at=now - timedelta(minutes=n),
                )
                for n in range(120)
            )
        )
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """The application."""
    with served(room) as made:
        yield made


def weight(client: TestClient, path: str) -> int:
    """Bytes of a page with all that it loads, as they are sent."""

    def sent(address: str) -> tuple[int, str]:
        with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.status_code == 200, address
            raw = b"".join(answer.iter_raw())
            text = client.get(address).text
            return len(raw), text

    size, html = sent(path)
    loaded = re.findall(r'<(?:script|link)[^>]*? (?:src|href)="(/static/[^"]+)"', html)
    assert loaded
    return size + sum(sent(address)[0] for address in dict.fromkeys(loaded))


def test_a_page_without_its_map_is_light(client: TestClient) -> None:
    """At most 60 kB, of which a second page needs the HTML alone."""
    size = weight(client, "/?q=harbour1")
    assert size <= PAGE_BYTES


def test_a_desk_of_six_columns_is_light(client: TestClient) -> None:
    """At most 150 kB with thirty full rows in each column."""
    for number in range(COLUMNS - 3):
        client.post("/desk/columns", data={"action": "add", "q": f"harbour{number}"})
    for number in range(COLUMNS):
        client.post("/desk/columns", data={"action": "full", "number": str(number)})
    page = client.get("/desk").text
    assert page.count('class="column"') == COLUMNS
    assert page.count('<li class="row') >= 100
    size = weight(client, "/desk")
    assert size <= DESK_BYTES
