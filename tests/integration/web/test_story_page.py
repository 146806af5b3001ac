"""The page of a story: what was searched for, what was corrected, and what one can take away."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from pipeline.desk.users import Users
from pipeline.search.visible import Role
from pipeline.wire.story import Signal, Status
from tests.integration.web.chromium import PHONE, chromium, needs_chromium, served_at, window
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import engine

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A corrected story, and others."""
    folder = tmp_path_factory.mktemp("story")
    with engine("embedded", folder) as running, newsroom(running, folder) as made:
        for version, count in ((1, "Nine"), (2, "Seven")):
            made.index(
                enriched(
                    "ap:1",
                    "Ferry aground off Suva",
                    f"{count} people left the ferry off Suva, said Ana Koroi of the harbour.",
                    persons=["Ana Koroi"],
                    places=["Suva", "Suva"],
                    version=version,
                    signal=Signal.CORRECTION if version == 2 else None,
                    published_at=NOW - timedelta(hours=3 - version),
                )
            )
        made.index(
            enriched("ap:2", "Ferry sails again", "The ferry is free.", published_at=NOW),
            enriched("ap:3", "Bank holds rates", "The bank waits for the ferry of prices."),
            enriched("ap:4", "Gone", "The ferry.", status=Status.WITHDRAWN),
        )
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """The application."""
    with served(room) as made:
        yield made


def test_the_searched_words_are_marked(client: TestClient) -> None:
    """In headline and text, inside a name too, and in another version; without a search none."""
    page = client.get("/story/ap:1?q=ferry+koroi").text
    assert "<mark>Ferry</mark> aground" in page
    assert "Ana <mark>Koroi</mark></mark></a>" in page
    assert "<mark>" not in client.get("/story/ap:1").text
    key = client.get("/api/versions/ap:1").json()[1]["key"]
    assert "<mark>ferry</mark> off" in client.get(f"/story/ap:1?version={key}&q=ferry").text
    assert client.get("/story/ap:1", params={"q": '"(('}).status_code == 200
    assert "/story/ap:1?q=ferry" in client.get("/?q=ferry").text


def test_a_correction_shows_what_it_corrects(client: TestClient) -> None:
    """The difference to the version before stands open."""
    page = client.get("/story/ap:1").text
    assert "<del>Nine</del>" in page
    assert "<ins>Seven</ins>" in page


def test_names_lead_to_their_stories_and_can_be_hidden(client: TestClient) -> None:
    """A mark is a link; each place has one row; the words are counted."""
    page = client.get("/story/ap:1").text
    assert 'href="/?person=Ana+Koroi"' in page
    assert page.count('<th scope="row"><a href="/?place=2198148"') == 1
    assert "13 words" in page
    client.post("/preferences", data={"names": "off"})
    assert "name-of" not in client.get("/story/ap:1").text
    client.cookies.clear()


@pytest.mark.parametrize("form", ["jsonl", "csv", "ninjs", "geojson"])
def test_one_story_is_downloaded(client: TestClient, form: str) -> None:
    """In every form of an export; one that may not be shown in none."""
    assert f"/api/download/{form}/ap:1" in client.get("/story/ap:1").text
    answer = client.get(f"/api/download/{form}/ap:1")
    assert "Ferry aground" in answer.text
    assert "attachment" in answer.headers["content-disposition"]
    for name in ("ap:4", "ap:none"):
        assert client.get(f"/api/download/{form}/{name}").status_code == 404


def test_only_what_is_alike_is_more_like_this(client: TestClient) -> None:
    """A story that shares one common word is not."""
    page = client.get("/story/ap:1").text.partition("More like this")[2]
    assert "Bank holds rates" not in page


def test_an_embargo_is_shown_to_an_editor(room: Newsroom, client: TestClient) -> None:
    """With its time and how long that is, in the list and on the page, and to nobody else."""
    until = datetime.now(UTC) + timedelta(hours=2)
    room.index(enriched("ap:5", "Report", status=Status.EMBARGOED, embargoed_until=until))
    users = Users(room.settings.data_dir)
    auth = ("x", users.add("ed", Role.EDITOR, None))
    for path in ("/?q=report", "/story/ap:5", "/desk"):
        said = client.get(path, auth=auth).text
        assert "embargoed" in said.lower(), path
        assert path == "/desk" or "in 2 h" in said or "in 1 h 59 min" in said, path
    assert "Your note" in client.get("/story/ap:5", auth=auth).text
    users.remove("ed")
    (room.settings.data_dir / "users.json").unlink()
    assert client.get("/story/ap:5").status_code == 404


@pytest.fixture(scope="module")
def address(room: Newsroom) -> Iterator[str]:
    """Where the application is served."""
    with served_at(room) as made:
        yield made


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    """One browser for the tests here."""
    with chromium() as made:
        yield made


@needs_chromium
def test_a_story_leads_to_the_next_result(browser: Browser, address: str) -> None:
    """The list that it was opened from is there: previous, next, and back to the results."""
    with window(browser, address, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto("/?q=ferry&sort=newest")
        page.locator(".hits h2 a").first.click()
        expect(page.locator("h1")).to_have_text("Ferry sails again")
        expect(page.locator("#around")).to_contain_text("1 of 3")
        page.get_by_role("link", name="Next").press("Enter")
        expect(page.locator("h1")).to_have_text("Ferry aground off Suva")
        expect(page.locator("h1 mark").first).to_have_text("Ferry")
        page.get_by_role("button", name="Copy text").press("Enter")
        expect(page.get_by_role("button", name="Done")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("Ferry aground off Suva\n\nSeven people left")
        page.get_by_role("link", name="Results").press("Enter")
        expect(page.locator("#found")).to_have_text("3 stories")


@needs_chromium
def test_a_phone_shows_the_first_story_and_a_sheet_of_filters(
    browser: Browser, address: str
) -> None:
    """Nothing stands before the first story; filters and map are one tap away."""
    with window(browser, address, viewport=PHONE) as page:
        page.goto("/?q=ferry")
        first = page.locator(".hits li").first
        expect(first).to_be_visible()
        box = first.bounding_box()
        assert box
        assert box["y"] + box["height"] < PHONE["height"]
        page.get_by_role("link", name="Filters", exact=True).click()
        expect(page.locator("#filters")).to_be_in_viewport()
        expect(page.locator("#filters")).to_have_css("position", "fixed")
        page.get_by_role("link", name="Close filters").click()
        expect(page.locator("#filters")).to_have_css("position", "static")
        page.get_by_role("link", name="Map", exact=True).click()
        expect(page.locator(".where .map")).to_be_in_viewport()
        expect(page.get_by_label("Order")).to_be_hidden()
        page.get_by_label("Options").check()
        page.get_by_label("Order").select_option("oldest")
        expect(page).to_have_url(re.compile("sort=oldest"))
