"""The page in a real Chromium: what only scripts and styles do."""

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright

from pipeline.enriched import Enriched
from pipeline.story import Status
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.records import enriched
from tests.servers import engine

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WAIT_MILLISECONDS = 30_000

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom with one story."""
    folder = tmp_path_factory.mktemp("browser")
    with engine("embedded", folder) as running, newsroom(running, folder) as made:
        made.index(
            enriched(
                "ap:1",
                "Council meets in Lyon",
                "The council of Lyon met. Julie Legrand was there." + " w" * 10 + "w" * 10_000,
                places=["Lyon"],
                persons=["Julie Legrand"],
                published_at=datetime.now(UTC),
            )
        )
        yield made


@pytest.fixture(scope="module")
def address(room: Newsroom) -> Iterator[str]:
    """Where the application is served."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(uvicorn.Config(room.app, log_level="error"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """A phone's window in the dark; what the browser complains of fails the test."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        made = browser.new_page(
            base_url=address, viewport={"width": 390, "height": 800}, color_scheme="dark"
        )
        made.on("pageerror", lambda error: complaints.append(str(error)))
        made.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        yield made
        browser.close()
    assert not [text for text in complaints if "404" not in text]


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
    expect(option).to_have_text("Julie Legrand", timeout=WAIT_MILLISECONDS)


def test_news_arrives_and_a_kill_takes_it_away(page: Page, room: Newsroom) -> None:
    """An open page counts what comes, and an open story that is withdrawn goes."""
    page.goto("/")
    index(room, enriched("ap:2", "Storm near Suva", version=1, published_at=datetime.now(UTC)))
    page.locator("#live a").click(timeout=WAIT_MILLISECONDS)
    page.get_by_role("link", name="Storm near Suva").click()
    expect(page.locator("h1")).to_have_text("Storm near Suva")
    index(room, enriched("ap:2", "Storm near Suva", version=2, status=Status.WITHDRAWN))
    expect(page.locator("h1")).to_have_text("Not shown", timeout=WAIT_MILLISECONDS)
    assert "Suva" not in page.content()


def test_a_kill_leaves_an_open_list(page: Page, room: Newsroom) -> None:
    """Results that stand open count what comes for them, and lose a story that is withdrawn."""
    index(room, enriched("ap:3", "Bridge closed in Lima", version=1, places=["Lima"]))
    page.goto("/?q=bridge")
    story = page.get_by_role("link", name="Bridge closed in Lima")
    expect(story).to_be_visible(timeout=WAIT_MILLISECONDS)
    index(room, enriched("ap:4", "No such thing"))
    index(room, enriched("ap:5", "Another bridge"))
    expect(page.locator("#live")).to_have_text("1 new: show", timeout=WAIT_MILLISECONDS)
    index(room, enriched("ap:3", "Bridge closed in Lima", version=2, status=Status.WITHDRAWN))
    expect(story).to_have_count(0, timeout=WAIT_MILLISECONDS)
    assert "Lima" not in page.content()
