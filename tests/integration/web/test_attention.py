"""Attention over time: counts and shares of searches, as JSON, CSV, page and command."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from newswire.__main__ import app
from pipeline.wire.story import Link, Status
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Two weeks of stories on floods and strikes, a killed and an embargoed one among them."""
    with newsroom(
        engine, tmp_path_factory.mktemp("attention"), public_url="https://wire.example.org/"
    ) as room:
        room.index(
            *(
                enriched(
                    f"ap:{day}",
                    "Floods rise" if day % 2 else "Strike at port",
                    persons=["Ana Lima"] if day == 3 else (),
                    source="AFP" if day > 7 else "AP",
                    published_at=MONDAY + timedelta(days=day),
                    links=(
                        Link(href="https://ap.example/photo.jpg", rel="enclosure"),
                        Link(href=f"https://ap.example/{day}", rel="canonical"),
                    ),
                )
                for day in range(14)
            ),
            enriched("x:k", "Floods", status=Status.WITHDRAWN, published_at=MONDAY),
            enriched("x:e", "Floods", status=Status.EMBARGOED, published_at=MONDAY),
        )
        yield room


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """A client of the newsroom."""
    with served(room) as client:
        yield client


ASKED = {"search": ["flood", "strike", "nothing"], "since": "2026-11-02", "until": "2026-11-16"}


def test_counts_of_each_search_and_of_all(client: TestClient) -> None:
    """Each day has a count for each search; killed and embargoed stories are not counted."""
    found = client.get("/api/attention", params=ASKED).json()
    assert len(found) == 14 * 3
    floods = [each["count"] for each in found if each["search"] == "flood"]
    assert floods == [0, 1] * 7
    assert [each["total"] for each in found if each["search"] == "nothing"] == [1] * 14
    weeks = client.get("/api/attention", params={**ASKED, "interval": "week"}).json()
    assert [(each["start"][:10], each["count"]) for each in weeks if each["search"] == "flood"] == [
        ("2026-11-02", 3),
        ("2026-11-09", 4),
    ]
    (month,) = client.get(
        "/api/attention", params={**ASKED, "interval": "month", "search": "flood"}
    ).json()
    assert (month["start"][:10], month["count"], month["total"]) == ("2026-11-01", 7, 14)


def test_counts_by_source_and_person_as_csv(client: TestClient) -> None:
    """A row for each span of each search and value, with its share."""
    text = client.get(
        "/api/attention.csv", params={**ASKED, "interval": "week", "by": "source"}
    ).text
    rows = list(csv.DictReader(io.StringIO(text)))
    afp = [row for row in rows if row["value"] == "AFP" and row["search"] == "flood"]
    assert [(row["count"], row["total"], row["share"]) for row in afp] == [
        ("0", "0", ""),
        ("3", "6", "0.500000"),
    ]
    named = client.get("/api/attention", params={**ASKED, "by": "person"}).json()
    assert {each["value"] for each in named} == {"Ana Lima"}
    limited = client.get("/api/attention", params={**ASKED, "source": "AFP"}).json()
    assert sum(each["total"] for each in limited) == 6 * 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"search": []},
        {"search": ["a"] * 6},
        {"search": " "},
        {"by": "body"},
        {"interval": "year"},
        {"since": "2000-01-01", "interval": "hour"},
        {"since": "2026-12-24", "until": "2026-11-01"},
    ],
)
def test_what_can_not_be_counted_is_refused(client: TestClient, wrong: dict[str, Any]) -> None:
    """With a sentence, before the index is asked."""
    assert client.get("/api/attention", params={**ASKED, **wrong}).status_code == 422
    if "search" not in wrong:
        assert client.get("/attention", params={**ASKED, **wrong}).status_code == 422


def test_the_page_shows_the_table(client: TestClient) -> None:
    """It has a form, lines, the counts, and the way to the CSV."""
    assert "Attention over time" in client.get("/attention").text
    text = client.get("/attention", params={**ASKED, "share": "on", "interval": "week"}).text
    assert text.count("<polyline") == 3
    assert "42.9 %" in text  # 3 of 7
    assert "/api/attention.csv?search=flood&amp;search=strike" in text


def test_an_export_names_both_addresses(client: TestClient) -> None:
    """The publisher's page, of the links the one that is the story, and ours."""
    text = client.get("/api/export/csv", params={"q": "strike", "sort": "oldest"}).text
    row = next(csv.DictReader(io.StringIO(text)))
    assert row["url"] == "https://ap.example/0"
    assert row["page"] == "https://wire.example.org/story/ap:0"


def test_the_command_line_counts(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """`newswire attention` prints the same CSV."""
    monkeypatch.setenv("NEWSWIRE_ELASTICSEARCH__URL", room.settings.elasticsearch.url[0])
    monkeypatch.setenv("NEWSWIRE_ELASTICSEARCH__INDEX", room.settings.elasticsearch.index)
    given = ["--since", "2026-11-02", "--until", "2026-11-16", "--interval", "week"]
    result = CliRunner().invoke(app, ["attention", "flood", *given])
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["count"] for row in rows] == ["3", "4"]
    wrong = CliRunner().invoke(app, ["attention", "flood", "--since", "someday"])
    assert wrong.exit_code == 2
    assert "is not a date" in wrong.output


def test_the_command_line_searches_as_the_page_does(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Order, filters, counts, and the next page."""
    monkeypatch.setenv("NEWSWIRE_ELASTICSEARCH__URL", room.settings.elasticsearch.url[0])
    monkeypatch.setenv("NEWSWIRE_ELASTICSEARCH__INDEX", room.settings.elasticsearch.index)

    def run(*given: str) -> str:
        result = CliRunner().invoke(app, ["search", *given])
        assert result.exit_code == 0, result.output
        return result.output

    first = run("flood", "--sort", "oldest", "--size", "2", "--facets", "--without", "source:AFP")
    assert "Sources: AP 4" in first
    assert "4 stories, 2 shown" in first
    cursor = first.partition("--cursor ")[2].split()[0]
    second = run("flood", "--sort", "oldest", "--size", "2", "--facets", "--without",
                 "source:AFP", "--cursor", cursor)  # fmt: skip
    assert "ap:5" in second
    assert "ap:1 " not in second
    assert "“zeppelin” was left out" in run("flood", "zeppelin", "--since", "2026-11-01")
    wrong = CliRunner().invoke(app, ["search", "--sort", "best"])
    assert wrong.exit_code == 2
    assert "sort" in wrong.output
