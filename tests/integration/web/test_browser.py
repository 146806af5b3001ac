"""The page in a real Chromium: what only scripts and styles do."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Signal, Status
from tests.integration.web.chromium import PHONE, needs_chromium, served_at, window
from tests.integration.web.newsroom import ADMIN_TOKEN, Newsroom, newsroom
from tests.integration.web.test_api import reprints
from tests.records import enriched
from tests.servers import engine

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom with a story in versions, and one with near-duplicates."""
    folder = tmp_path_factory.mktemp("browser")
    with engine("embedded", folder) as running, newsroom(running, folder) as made:
        for version in (1, 2):
            made.index(
                enriched(
                    "ap:1",
                    "Council meets in Lyon",
                    f"The council of Lyon met, for time {version}. Julie Legrand was there."
                    + " w" * 10
                    + "w" * 10_000,
                    places=["Lyon"],
                    persons=["Julie Legrand"],
                    version=version,
                    urgency=2,
                    published_at=datetime.now(UTC),
                )
            )
        made.index(*reprints())
        yield made


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A phone's window in the dark."""
    with window(browser, address, viewport=PHONE, color_scheme="dark") as made:
        yield made


def index(room: Newsroom, record: Enriched) -> None:
    """Index beside Playwright, whose event loop has this thread."""
    thread = Thread(target=room.index, args=(record,))
    thread.start()
    thread.join()


@pytest.mark.parametrize("path", ["/", "/?q=council", "/story/ap:1"])
def test_it_fits_a_phone_in_the_dark(page: Page, path: str) -> None:
    """Nothing is wider than the window, however long a word, and the paper is dark."""
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    red, _, _ = page.evaluate("getComputedStyle(document.documentElement).backgroundColor").split(
        ","
    )
    assert int(red.removeprefix("rgb(")) < 60


def test_names_are_suggested(page: Page) -> None:
    """What is typed is completed by people, places and slugs of the stories."""
    page.goto("/")
    page.locator("#q").press_sequentially("leg")
    option = page.locator("#suggestions [role=option] bdi")
    expect(option).to_have_text("Julie Legrand")


def test_news_arrives_and_a_kill_takes_it_away(page: Page, room: Newsroom) -> None:
    """An open page counts what comes, and an open story that is withdrawn goes."""
    page.goto("/")
    index(room, enriched("ap:2", "Storm near Suva", version=1, published_at=datetime.now(UTC)))
    page.locator("#live a").click()
    page.get_by_role("link", name="Storm near Suva").click()
    expect(page.locator("h1")).to_have_text("Storm near Suva")
    index(room, enriched("ap:2", "Storm near Suva", version=2, status=Status.WITHDRAWN))
    expect(page.locator("h1")).to_have_text("Withdrawn")
    assert "Suva" not in page.content()


def test_a_kill_leaves_an_open_list(page: Page, room: Newsroom) -> None:
    """Results that stand open count what comes for them, and lose a story that is withdrawn."""
    index(room, enriched("ap:3", "Bridge closed in Lima", version=1, places=["Lima"]))
    page.goto("/?q=bridge")
    story = page.get_by_role("link", name="Bridge closed in Lima")
    expect(story).to_be_visible()
    index(room, enriched("ap:4", "No such thing"))
    index(room, enriched("ap:5", "Another bridge"))
    expect(page.locator("#live")).to_have_text("1 new: show")
    index(room, enriched("ap:3", "Bridge closed in Lima", version=2, status=Status.WITHDRAWN))
    expect(story).to_have_count(0)
    assert "Lima" not in page.content()
    page.get_by_role("link", name="why").click()
    expect(page.locator("h1")).to_have_text("Withdrawn")


def test_an_open_story_hears_of_its_correction(page: Page, room: Newsroom) -> None:
    """A bar names the correction, and leads to what changed."""
    first = {"published_at": datetime(2026, 11, 30, 11, 0, tzinfo=UTC)}
    index(room, enriched("ap:6", "Mayor resigns", "Mayor Legrand left.", version=1, **first))
    page.goto("/story/ap:6")
    expect(page.locator("h1")).to_have_text("Mayor resigns")
    later = {"published_at": datetime(2026, 11, 30, 11, 33, tzinfo=UTC)}
    index(
        room,
        enriched(
            "ap:6",
            "Mayor stays",
            "Mayor Legrand stays.",
            version=2,
            signal=Signal.CORRECTION,
            **later,
        ),
    )
    bar = page.locator("#change")
    expect(bar).to_have_text("Correction, version 2, 11:33 UTC: show what changed")
    expect(page).to_have_title("(1) Mayor resigns · newswire")
    expect(page.locator("h1")).to_have_text("Mayor resigns")
    bar.get_by_role("link").click()
    expect(page.locator("#changes")).to_contain_text("leftstays")
    expect(page.locator("h1")).to_have_text("Mayor stays")
    expect(page.locator("#change")).to_be_empty()


def test_an_open_list_marks_what_changed(page: Page, room: Newsroom) -> None:
    """A row is marked even if its new version no longer matches; the title counts it."""
    for number in (7, 8):
        index(room, enriched(f"ap:{number}", f"Harbour shut {number}", version=1))
    page.goto("/?q=harbour")
    row = page.locator("[data-story='ap:7']")
    expect(row).to_be_visible()
    index(room, enriched("ap:7", "Port shut", version=2, signal=Signal.UPDATE))
    expect(row.locator(".change")).to_have_text("Update, version 2: show what changed")
    expect(page.locator(".change")).to_have_count(1)
    expect(page).to_have_title("(1) harbour · newswire")
    row.locator(".change a").click()
    expect(page.locator("#changes h3").first).to_have_text("headline")


def test_an_embargo_takes_an_open_story_away(page: Page, room: Newsroom) -> None:
    """A story that is put under an embargo leaves the pages that show it."""
    index(room, enriched("ap:9", "Plan of Nauru", version=1))
    page.goto("/story/ap:9")
    expect(page.locator("h1")).to_have_text("Plan of Nauru")
    index(room, enriched("ap:9", "Plan of Nauru", version=2, status=Status.EMBARGOED))
    expect(page.locator("h1")).to_have_text("Not shown")
    assert "Nauru" not in page.content()


def test_a_lost_connection_is_shown(browser: Browser, room: Newsroom) -> None:
    """A page says since when it hears nothing, and afterwards shows what it missed."""
    index(room, enriched("ap:10", "Bus strike", version=1))
    own = Newsroom(room.settings)
    with window(browser, "http://127.0.0.1", losing=True) as page:
        with served_at(own) as address:
            page.goto(f"{address}/?q=strike")
            expect(page.locator("[data-story='ap:10']")).to_be_visible()
            expect(page.locator("#connection")).to_be_empty()
        expect(page.locator("#connection")).to_contain_text("the connection is lost")
        index(room, enriched("ap:11", "Train strike", version=1))
        index(room, enriched("ap:10", "Bus strike over", version=2))
        with served_at(own, int(address.rpartition(":")[2])):
            expect(page.locator("#connection")).to_be_empty()
            expect(page.locator("#live")).to_have_text("1 new: show")
            expect(page.locator("[data-story='ap:10'] .change")).to_be_visible()


@pytest.mark.parametrize(
    "how",
    [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE}],
    ids=["light, desk", "dark, phone"],
)
def test_axe_finds_nothing(browser: Browser, address: str, how: dict[str, object]) -> None:
    """No page has a fault that axe-core knows of: not one of colour, name, role or structure."""
    axe = Axe()
    with window(browser, address, reduced_motion="reduce", **how) as page:
        page.goto("/story/ap:1")
        page.get_by_role("button", name="Compare").click()
        faults = _faults(axe, page)
        page.goto("/")
        page.get_by_role("combobox", name="Search").press_sequentially("legr")
        page.get_by_role("option", name="Julie Legrand").wait_for()
        page.keyboard.press("ArrowDown")
        faults += _faults(axe, page)
        page.goto("/operations")
        faults += _faults(axe, page)
        page.get_by_label("Admin token").fill(ADMIN_TOKEN)
        page.get_by_role("button", name="Enter").click()
        page.get_by_role("heading", name="Dead letters").wait_for()
        faults += _faults(axe, page)
        for path in (
            "/",
            "/?q=truce+colombia&collapse=true&source=AP",
            "/?q=nosuchword",
            "/?urgency=x",
            "/story/no",
        ):
            page.goto(path)
            faults += _faults(axe, page)
    assert not faults, "\n".join(faults)


def _faults(axe: Axe, page: Page) -> list[str]:
    found = axe.run(page).response["violations"]
    return [
        f"{page.url}: {fault['impact']}: {fault['help']}: {node['html'][:200]}"
        for fault in found
        for node in fault["nodes"][:3]
    ]
