"""The values of a facet: found by typing, several chosen or left out at once."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml import html
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from tests.integration.web.chromium import PHONE, needs_chromium, window
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.integration.web.test_layout import violations
from tests.records import enriched
from tests.servers import Engine

MANY = [f"Person {chr(65 + n % 26)}{chr(97 + n // 26)}" for n in range(70)]


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Stories with two forms of one name, in one story both; and seventy other people."""
    obama = (["Barack Obama"], ["Barack Obama", "Obama"], ["Obama"], ["Barack Obama"])
    with newsroom(engine, tmp_path_factory.mktemp("values")) as made:
        made.index(
            *(enriched(f"ap:o{n}", f"Speech {n}", persons=who) for n, who in enumerate(obama)),
            *(enriched(f"ap:{n}", f"Visit {n}", persons=[who]) for n, who in enumerate(MANY)),
            enriched("ap:zoe", "Visit of Zoë", persons=["Zoë Müller"], source="AFP"),
        )
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """The application."""
    with served(room) as made:
        yield made


def test_a_story_with_two_forms_of_a_name_counts_once(client: TestClient) -> None:
    """The count of merged forms is the number of stories that choosing them finds."""
    (value,) = [
        value
        for value in client.get("/api/search").json()["facets"]["person"]
        if value["value"] == "Barack Obama"
    ]
    assert (value["count"], value["forms"]) == (4, ["Obama"])
    (typed,) = client.get("/api/facets/person", params={"typed": "obama"}).json()
    assert typed["count"] == 4
    found = client.get("/api/search", params={"person": ["Barack Obama", "Obama"]}).json()
    assert found["total"] == 4


def test_the_form_works_without_scripts(client: TestClient) -> None:
    """Any value is found by a part of it; what is checked stays while one looks for another."""
    page = html.fromstring(client.get("/values/person?q=visit&source=AFP&source=AP").text)
    assert len(page.xpath("//input[@name='chosen']")) == 60
    kept = {"q": "visit", "source": "AP"}
    asked = {**kept, "typed": "zoe mu", "action": "find", "chosen": '["Person Aa"]'}
    page = html.fromstring(client.get("/values/person", params=asked).text)
    boxes = {box.get("value"): box.get("checked") for box in page.xpath("//input[@name='chosen']")}
    assert boxes == {'["Person Aa"]': "checked"}  # Zoë is in a story of another source
    asked["source"] = "AFP"
    page = html.fromstring(client.get("/values/person", params=asked).text)
    assert [box.get("value") for box in page.xpath("//input[@name='chosen']")] == [
        '["Person Aa"]',
        '["Zoë Müller"]',
    ]


@pytest.mark.parametrize(
    ("action", "pairs"),
    [
        ("only", [("q", "x"), ("without", "person:Other"), ("person", "Barack Obama"),
                  ("person", "Obama"), ("person", "Zoë Müller")]),
        ("without", [("q", "x"), ("without", "person:Other"), ("without", "person:Zoë Müller"),
                     ("without", "person:Barack Obama"), ("without", "person:Obama")]),
    ],
)  # fmt: skip
def test_several_are_chosen_or_left_out(
    client: TestClient, action: str, pairs: list[tuple[str, str]]
) -> None:
    """All forms of a name go with it, and the rest of the search stays."""
    given = {
        "q": "x",
        "person": "Somebody",
        "without": ["person:Other", "person:Zoë Müller"],
        "chosen": ['["Barack Obama", "Obama"]', '["Zoë Müller"]', "damaged", "[]"],
        "action": action,
    }
    answer = client.get("/values/person", params=given, follow_redirects=False)
    assert answer.status_code == 303
    assert sorted(parse_qsl(urlsplit(answer.headers["location"]).query)) == sorted(pairs)


def test_an_unknown_facet_is_not_there(client: TestClient) -> None:
    """A mistyped name has a page of its own."""
    assert client.get("/values/nothing", headers={"Accept": "text/html"}).status_code == 404


@needs_chromium
@pytest.mark.parametrize("phone", [False, True])
def test_values_are_chosen_by_keyboard(browser: Browser, address: str, phone: bool) -> None:
    """Typing finds a name that no list shows; what is checked stays; Escape closes."""
    view = PHONE if phone else {"width": 1280, "height": 860}
    with window(browser, address, viewport=view) as page:
        page.goto("/?q=visit")
        if phone:
            page.get_by_role("link", name="Filters").press("Enter")
        opener = page.get_by_role("link", name="Find and choose: People")
        opener.press("Enter")
        box = page.get_by_label("Part of the name")
        expect(box).to_be_focused()
        assert not violations(Axe(), page)
        page.keyboard.type("person a")
        expect(page.locator("dialog .listed label")).to_have_count(3)
        page.get_by_role("checkbox", name="Person Ab").press("Space")
        box.fill("zoe")
        expect(page.locator("dialog .listed label")).to_have_count(2)
        expect(page.get_by_role("checkbox", name="Person Ab")).to_be_checked()
        page.get_by_role("checkbox", name="Zoë Müller").press("Space")
        page.get_by_role("button", name="Only these").press("Enter")
        expect(page.locator("#found")).to_have_text("2 stories")
        page.goto("/?q=visit")
        if phone:
            page.get_by_role("link", name="Filters").press("Enter")
        opener.press("Enter")
        expect(box).to_be_focused()
        page.keyboard.press("Escape")
        expect(opener).to_be_focused()
