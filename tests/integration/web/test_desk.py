"""What a journalist does on the page, in a real Chromium, on either engine."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Signal
from tests.integration.web.chromium import PHONE, needs_chromium, window
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.integration.web.test_api import reprints
from tests.records import enriched
from tests.servers import Engine

pytestmark = needs_chromium

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


def corpus() -> list[Enriched]:
    """Stories in two places over days, one with versions, one with near-duplicates."""
    return [
        *(
            enriched(
                f"ap:{place}-{n}",
                f"Council meets in {place}, day {n}",
                f"The council of {place} met on day {n}. Julie Legrand was there.",
                places=[place],
                persons=["Julie Legrand"],
                published_at=NOW - n * 24 * HOUR,
            )
            for place, days in (("Lyon", 4), ("Nairobi", 2))
            for n in range(1, days + 1)
        ),
        *(
            enriched(
                "ap:v",
                "Storm hits Suva",
                f"The storm came at noon.\n\n{boats} boats are missing off Suva, says Ana Koroi.",
                places=["Suva"],
                persons=["Ana Koroi"],
                version=version,
                signal=signal,
                published_at=NOW - (3 - version) * HOUR,
            )
            for version, boats, signal in ((1, "Three", None), (2, "Two", Signal.CORRECTION))
        ),
        *reprints(),
    ]


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom with the corpus."""
    with newsroom(engine, tmp_path_factory.mktemp("desk")) as made:
        for record in corpus():
            made.index(record)
        yield made


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A window."""
    with window(browser, address) as made:
        yield made


def headlines(page: Page) -> list[str]:
    """The results' headlines."""
    return page.locator(".hits h2").all_inner_texts()


def test_the_map_filters(page: Page) -> None:
    """A circle on the map leads to the stories that name its place, and its chip back."""
    page.goto("/?q=council")
    expect(page.locator("#found")).to_have_text("6 stories")
    page.locator(".map a", has_text="Nairobi").click()
    expect(page.locator("#found")).to_have_text("2 stories")
    assert all("Nairobi" in headline for headline in headlines(page))
    page.locator("main .chips").get_by_role("link", name="Nairobi").click()
    expect(page.locator("#found")).to_have_text("6 stories")


def test_the_timeline_filters(page: Page) -> None:
    """A bar of the timeline leads to the stories of its time."""
    page.goto("/?q=council")
    bars = page.locator(".timeline a")
    first = bars.first.get_attribute("aria-label") or ""
    bars.first.click()
    expect(page).to_have_url(re.compile("since=.*until="))
    count = int(first.rsplit(" ", 1)[1])
    expect(page.locator("#found")).to_have_text(f"{count} {'story' if count == 1 else 'stories'}")
    assert headlines(page) == ["Council meets in Lyon, day 4"]


def test_versions_and_what_changed(page: Page) -> None:
    """A story shows its names, its place on a map, its versions, and the words that changed."""
    page.goto("/?q=storm")
    page.get_by_role("link", name="Storm hits Suva").click()
    body = page.locator("article > .body").first
    expect(body.locator("mark.person")).to_have_text("Ana Koroi")
    expect(page.locator(".beside .map a")).to_have_count(1)
    expect(page.locator("form tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#changes .body del")).to_have_text("Three")
    expect(page.locator("#changes .body ins")).to_have_text("Two")
    page.locator("form tbody tr").last.get_by_role("link").click()
    expect(body).to_contain_text("Three boats")
    expect(page.locator(".notice").first).to_contain_text("earlier version")


def test_near_duplicates_as_one(page: Page) -> None:
    """The choice leaves one copy of a story, which opens the others."""
    page.goto("/?q=truce+colombia")
    expect(page.locator(".hits > li")).to_have_count(5)
    page.get_by_label("List").select_option("near-duplicates as one")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".hits > li")).to_have_count(1)
    similar = page.locator(".similar")
    expect(similar.get_by_role("link").first).to_be_hidden()
    similar.locator("summary").click()
    expect(similar.get_by_role("link")).to_have_count(4)
    similar.get_by_role("link").first.click()
    expect(page.locator("h1")).to_contain_text("Truce in Colombia")


@pytest.mark.parametrize(
    ("typed", "keys", "expected"),
    [
        ("storm leg", ["ArrowDown", "Enter"], 'storm person:"Julie Legrand" '),
        ("storm julie leg", ["ArrowDown", "Enter"], 'storm person:"Julie Legrand" '),
        ("-person:leg", ["ArrowDown", "Enter"], '-person:"Julie Legrand" '),
        ('person:"julie le', ["ArrowUp", "Enter"], 'person:"Julie Legrand" '),
        ("storm leg", ["ArrowDown", "Escape"], "storm leg"),
    ],
)
def test_the_word_at_the_cursor_is_completed(
    page: Page, typed: str, keys: list[str], expected: str
) -> None:
    """A suggestion takes the place of the word that is being typed, and of nothing else."""
    page.goto("/")
    box = page.get_by_role("combobox", name="Search")
    box.press_sequentially(typed)
    expect(page.locator("#suggestions li")).to_have_count(1)
    for key in keys:
        box.press(key)
    expect(box).to_have_value(expected)
    expect(page.locator("#suggestions")).to_be_hidden()


def test_a_word_amid_others_is_completed(page: Page) -> None:
    """What stands behind the cursor stays, and a click chooses as Enter does."""
    page.goto("/?q=suv+storm")
    box = page.get_by_role("combobox", name="Search")
    box.evaluate("box => { box.focus(); box.setSelectionRange(2, 2); }")
    box.press("ArrowRight")
    box.press_sequentially("a")
    page.get_by_role("option", name="Suva").click()
    expect(box).to_have_value('place:"Suva" storm')
    page.keyboard.press("Enter")
    expect(page.locator(".hits h2")).to_have_text(["Storm hits Suva"])


def test_the_keyboard_is_enough(page: Page) -> None:
    """From the first Tab to a story, and a filter taken and given back, without a mouse."""
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the stories")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".hits a").first).to_be_focused()
    page.locator("#q").focus()
    page.keyboard.type("council")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_text("6 stories")
    page.locator(".timeline a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_text("1 story")
    chip = page.locator("main .chips a").first
    chip.focus()
    page.keyboard.press("Enter")
    page.locator(".hits a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#story h1")).to_contain_text("Council meets")


@pytest.mark.parametrize(
    "path", ["/?q=truce&collapse=true", "/story/ap:v", "/operations", "/story/no"]
)
def test_nothing_is_wider_than_a_phone(browser: Browser, address: str, path: str) -> None:
    """On a phone no page scrolls sideways."""
    with window(browser, address, viewport=PHONE) as page:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
