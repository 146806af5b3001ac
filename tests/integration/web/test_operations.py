"""The operations page: who may see it, what it shows, and the second try of dead letters."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import TimestampSigner
from kafka import KafkaConsumer, TopicPartition
from lxml import html
from starlette.testclient import TestClient

from config.settings import Kafka
from connectors.publish import letter_record
from pipeline.kafka.options import client_options
from pipeline.kafka.publisher import Publisher
from pipeline.kafka.setup import setup_topics
from pipeline.web.operations import COOKIE, SESSION, SESSION_HOURS
from pipeline.web.security import POLICY
from pipeline.wire.codec import decode_story
from pipeline.wire.deadletter import dead_letter
from pipeline.wire.errors import ParseError
from pipeline.wire.topics import Topics
from tests.integration.web.newsroom import ADMIN_TOKEN, Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine

NOW = datetime.now(UTC).replace(microsecond=0)
HOSTILE = "<script>alert(1)</script>\u202e"
SECRET = b"<nitf>the words of the damaged delivery"
MENDED = b"SUVA, Fiji (AP) -- A lost delivery was found again on Sunday.\n"


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom with two stories of one feed, and two dead letters: one can be read now."""
    with newsroom(engine, tmp_path_factory.mktemp("operations")) as made:
        setup_topics(made.settings)
        topics = Topics(made.settings.topics.prefix)
        publisher = Publisher(made.settings.kafka)
        letters = [
            dead_letter(
                SECRET,
                "parse",
                ParseError(f"not well-formed {HOSTILE}", "line 1"),
                feed="ap",
                format="nitf",
                name=f"{HOSTILE}.xml",
            ),
            dead_letter(
                MENDED, "parse", ParseError("mended since"), feed="ap", format="text", name="b.txt"
            ),
        ]
        publisher.publish([letter_record(topics, letter, 100_000) for letter in letters])
        publisher.close()
        made.index(
            enriched("ap:1", "One", feed="ap", received_at=NOW - timedelta(hours=3)),
            enriched("ap:2", "Two", feed="ap", received_at=NOW),
        )
        yield made


@pytest.fixture
def client(room: Newsroom) -> Iterator[TestClient]:
    """A client that holds no cookie."""
    with served(room) as made:
        yield made


@pytest.fixture
def operator(client: TestClient) -> TestClient:
    """A client that has entered."""
    assert client.post("/operations", data={"token": ADMIN_TOKEN}).status_code == 200
    return client


def shown(client: TestClient, **parameters: Any) -> Any:
    """The page, parsed."""
    answer = client.get("/operations", params=parameters)
    assert answer.status_code == 200, answer.text
    return html.document_fromstring(answer.text)


def rows(page: Any, label: str) -> list[list[str]]:
    """The cells of a table's rows."""
    found = page.xpath(f".//*[@aria-label='Table: {label}']//tbody/tr")
    return [[cell.text_content().strip() for cell in row] for row in found]


@pytest.mark.parametrize("given", [{}, {"token": ""}, {"token": "wrong"}])
def test_nothing_is_shown_without_the_token(client: TestClient, given: dict[str, str]) -> None:
    """Who has not entered gets the question for the token and nothing else."""
    refused = client.post("/operations", data=given)
    for answer in (refused, client.get("/operations"), client.post("/operations/replay")):
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert "Dead letters" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("cookie", ["", "9999999999", "9999999999.00", f"1.{'0' * 64}", "²³.x"])
def test_a_made_up_cookie_is_refused(client: TestClient, cookie: str) -> None:
    """A cookie that the page did not set is refused."""
    answer = client.get("/operations", headers={"Cookie": f"{COOKIE}={cookie}".encode()})
    assert answer.status_code == 401


def test_an_expired_cookie_is_refused(client: TestClient) -> None:
    """A cookie with a right signature holds for SESSION_HOURS and no longer."""
    hour = 3600
    for age, status in ((SESSION_HOURS * hour - 60, 200), (SESSION_HOURS * hour + 60, 401)):
        with freeze_signing(time.time() - age):
            answer = client.post("/operations", data={"token": ADMIN_TOKEN}, follow_redirects=False)
        cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE].value
        client.cookies.clear()
        answer = client.get("/operations", headers={"Cookie": f"{COOKIE}={cookie}"})
        assert answer.status_code == status
        changed = client.get("/operations", headers={"Cookie": f"{COOKIE}={cookie[:-1]}"})
        assert changed.status_code == 401


@contextmanager
def freeze_signing(now: float) -> Iterator[None]:
    """Sign as at another time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _: int(now))
        yield


def test_a_cookie_ends_with_its_token(client: TestClient) -> None:
    """A session that was opened with another token is over."""
    foreign = TimestampSigner("another-token", salt=COOKIE, digest_method=hashlib.sha256)
    cookie = foreign.sign(SESSION).decode()
    answer = client.get("/operations", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: TestClient) -> None:
    """It goes to this page alone, from this site alone, and no script reads it."""
    answer = client.post("/operations", data={"token": ADMIN_TOKEN}, follow_redirects=False)
    parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=strict", "path=/operations"} <= parts


@pytest.mark.parametrize("path", ["/operations", "/operations/replay", "/operations/leave"])
def test_another_site_changes_nothing(operator: TestClient, path: str) -> None:
    """A form on another site's page is refused, whatever it sends along."""
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert operator.post(path, data={"id": "0:0"}, headers=headers).status_code == 403


def test_leaving_forgets(operator: TestClient) -> None:
    """Who leaves has to enter again."""
    shown(operator)
    assert operator.post("/operations/leave").status_code == 401
    assert operator.get("/operations").status_code == 401


def test_feeds_and_lag_are_shown(operator: TestClient) -> None:
    """Each feed with its last story and rates, each topic with what waits."""
    page = shown(operator)
    ((name, _, received, indexed, *counts),) = rows(page, "feeds")
    assert name == "ap"
    assert received == f"{NOW:%d %b %Y %H:%M} UTC"
    assert indexed
    assert counts[:4] == ["2"] * 4
    topics = {row[0].rpartition(".")[2]: row[1:] for row in rows(page, "lag")}
    lanes = {"urgent", "stories", "backfill", "enriched", "refused"}
    assert topics.keys() == {*lanes, "events", "fingerprints", "alerts", "deadletter"}
    assert topics["deadletter"][1:] == ["2", "2"]
    assert topics["alerts"][2] == "–"
    assert topics["stories"][2].isdecimal()


def test_dead_letters_are_shown_without_their_bytes(operator: TestClient) -> None:
    """What failed, where and why stands there as text; what was delivered does not."""
    page = shown(operator)
    by_name = {row[4]: row for row in rows(page, "dead letters")}
    assert by_name.keys() == {"<script>alert(1)</script>.xml", "b.txt"}
    (_, _, stage, feed, _, reason, size, _) = by_name["<script>alert(1)</script>.xml"]
    assert (stage, feed, size) == ("parse", "ap", str(len(SECRET)))
    assert reason == "ParseError: not well-formed <script>alert(1)</script> (at line 1)"
    source = html.tostring(page, encoding="unicode")
    assert "damaged delivery" not in source
    assert "lost delivery" not in source
    assert len(page.xpath(".//script")) == 1


def test_a_dead_letter_is_replayed(room: Newsroom, operator: TestClient) -> None:
    """What can be read now goes to the stories; what still can't says so; the rest is told."""
    ids = {row[4]: row[0] for row in rows(shown(operator), "dead letters")}
    said = [
        html.document_fromstring(operator.post("/operations/replay", data={"id": name}).text)
        .xpath(".//*[@role='status']")[0]
        .text_content()
        for name in (ids["b.txt"], ids["<script>alert(1)</script>.xml"], "0:999999", "x")
    ]
    assert said[0] == f"{ids['b.txt']}: 1 record sent again."
    assert "still can't be read" in said[1]
    assert "no such dead letter" in said[2]
    assert "no such dead letter" in said[3]
    (value,) = stories(room)
    assert "found again" in decode_story(value).body


def stories(room: Newsroom) -> list[bytes]:
    """Every record of the stories topic."""
    consumer = KafkaConsumer(**client_options(room.settings.kafka), enable_auto_commit=False)
    topic = Topics(room.settings.topics.prefix).stories
    parts = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
    ends = consumer.end_offsets(parts)
    consumer.assign(parts)
    consumer.seek_to_beginning()
    values: list[bytes] = []
    while len(values) < sum(ends.values()):
        for records in consumer.poll(timeout_ms=1000).values():
            values += [record.value for record in records]
    consumer.close()
    return values


def test_parts_that_are_away_say_so(room: Newsroom, tmp_path: Path) -> None:
    """Without a broker, a worker or an index the page comes, and says what is missing."""
    away = room.settings.model_copy(
        update={
            "kafka": Kafka(brokers=("127.0.0.1:1",)),
            "elasticsearch": room.settings.elasticsearch.model_copy(
                update={"url": ("http://127.0.0.1:1",)}
            ),
        }
    )
    with served(Newsroom(away)) as client:
        client.post("/operations", data={"token": ADMIN_TOKEN})
        page = shown(client)
        notices = [n.text_content() for n in page.xpath(".//section/*[@class='notice']")]
        assert len(notices) == 4
        assert "No worker runs" in page.text_content()
        answer = client.post("/operations/replay", data={"id": "0:0"})
        assert "does not answer" in answer.text


def test_without_a_token_nobody_enters(room: Newsroom) -> None:
    """Where no token is set, the page says how to set it, and takes none."""
    web = room.settings.web.model_copy(update={"admin_token": None})
    with served(Newsroom(room.settings.model_copy(update={"web": web}))) as client:
        for answer in (client.get("/operations"), client.post("/operations", data={"token": ""})):
            assert answer.status_code == 401
            assert "NEWSWIRE_WEB__ADMIN_TOKEN" in answer.text
