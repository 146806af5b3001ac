"""What happens while a page is open is in order too: bars, marks, counts, a lost connection."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pipeline.web.pages import LONG_WORD
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Signal, Status
from tests.integration.web.chromium import PHONE, chromium, needs_chromium, served_at, window
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.integration.web.test_layout import FAULTS, violations
from tests.records import enriched
from tests.servers import engine

pytestmark = needs_chromium

NOW = datetime.now(UTC).replace(microsecond=0)
LOOKS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": PHONE, "color_scheme": "light"},
    "laptop": {"viewport": {"width": 1366, "height": 768}, "color_scheme": "dark"},
}


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom with a few stories."""
    folder = tmp_path_factory.mktemp("states")
    with engine("embedded", folder) as running, newsroom(running, folder) as made:
        made.index(*(told(n) for n in range(6)))
        yield made


def told(number: int, version: int = 1, **fields: Any) -> Enriched:
    """A version of a story on a harbour."""
    at = NOW - timedelta(hours=2 - version, minutes=number)
    headline = f"Harbour levy of Saint-Barthélemy-d'Anjou goes to a vote, day {number}"
    return enriched(
        f"ap:{number}",
        headline,
        "Two votes.",
        version=version,
        urgency=1 if number == 3 else 4,
        published_at=at,
        **fields,
    )


def index(room: Newsroom, *records: Enriched) -> None:
    """Index beside Playwright, whose event loop has this thread."""
    thread = Thread(target=room.index, args=records)
    thread.start()
    thread.join()


def in_order(page: Page, state: str) -> None:
    """Fail if a page is not in order as it is now."""
    faults = page.evaluate(FAULTS, LONG_WORD) + violations(Axe(), page)
    assert not faults, f"{state}: " + "\n".join(faults)


@pytest.mark.parametrize("look", LOOKS)
def test_open_pages_stay_in_order(room: Newsroom, look: str) -> None:
    """A list, a story and the desk hear of a correction, a kill and news, and of a lost line."""
    with (
        chromium() as browser,
        window(browser, "http://127.0.0.1", losing=True, **LOOKS[look]) as page,
    ):
        with served_at(room) as address:
            listed, desk = page.context.new_page(), page.context.new_page()
            page.goto(f"{address}/story/ap:3")  # a flash that was read
            page.goto(f"{address}/story/ap:1")
            listed.goto(f"{address}/?q=harbour")
            desk.goto(f"{address}/desk")
            index(room, told(1, 2, signal=Signal.CORRECTION, ednote="Corrects the day."), told(8))
            for bar in (page.locator("#change"), listed.locator("li .change").first):
                expect(bar).to_contain_text("Correction, version 2")
            expect(listed.locator("#live a")).to_have_text("1 new: show")
            expect(desk.locator(".fresh button").first).to_have_text("1 new: show")
            expect(desk.locator(".change").first).to_be_visible()
            in_order(listed, "a list with news")
            index(room, told(2, 2, status=Status.WITHDRAWN))
            expect(listed.locator("p.kill")).to_be_visible()
            expect(desk.locator(".killed").first).to_be_visible()
        for name, each in (("story", page), ("list", listed), ("desk", desk)):
            expect(each.locator("#connection")).to_contain_text("the connection is lost")
            in_order(each, name)
