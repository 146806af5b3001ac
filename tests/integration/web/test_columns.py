"""The desk in a real Chromium, by keyboard: columns that stay new, marks, sounds and pauses."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Signal, Status
from tests.integration.web.chromium import needs_chromium, window
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.records import enriched
from tests.servers import Engine

pytestmark = needs_chromium

LAPTOP = {"width": 1366, "height": 768}
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Stories of all urgencies, one a minute."""
    with newsroom(engine, tmp_path_factory.mktemp("columns")) as made:
        made.index(
            *(
                enriched(
                    f"ap:{n}",
                    f"Harbour closed for day {n} as dockers and port company meet again in Lyon",
                    urgency=[4, 1, 2, 3][n % 4],
                    signal=Signal.CORRECTION if n == 5 else None,
                    published_at=NOW - timedelta(minutes=n),
                )
                for n in range(1, 40)
            )
        )
        yield made


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A laptop's window, with an empty desk of one column."""
    with window(browser, address, viewport=LAPTOP) as made:
        made.request.post("/desk/delete")
        yield made


def index(room: Newsroom, *records: Enriched) -> None:
    """Index beside Playwright, whose event loop has this thread."""
    thread = Thread(target=room.index, args=records)
    thread.start()
    thread.join()


def only(page: Page, query: str) -> None:
    """Leave one column, of this search."""
    page.request.post("/desk/delete")
    for _ in range(3):
        page.request.post("/desk/columns", form={"action": "remove", "number": "0"})
    page.request.post("/desk/columns", form={"action": "add", "query": query, "title": "Own"})
    page.goto("/desk")
    expect(page.locator(".column h2")).to_have_text("Own")


def test_twelve_rows_fit_a_laptop(page: Page) -> None:
    """In compact form at least twelve rows of a column, and of a list, are seen whole."""
    inside = """rows => rows.filter(row => {
        const box = row.getBoundingClientRect();
        const frame = row.closest('.rows')?.getBoundingClientRect() ?? {bottom: innerHeight};
        return box.top >= 0 && box.bottom <= Math.min(frame.bottom, innerHeight);
    }).length"""
    page.goto("/desk")
    rows = page.locator(".column:first-child li[data-story]")
    assert rows.evaluate_all(inside) >= 12
    page.goto("/")
    results = page.locator(".results li[data-story]")
    expect(results).to_have_count(20)
    assert results.evaluate_all(inside) < 12
    page.get_by_role("button", name="Compact").click()
    expect(page.get_by_role("button", name="Full")).to_be_visible()
    expect(results).to_have_count(20)
    assert results.evaluate_all(inside) >= 12


def test_what_must_be_seen_first_looks_different(page: Page) -> None:
    """A flash, an urgent story, a correction and a story beside them have borders of their own."""
    only(page, "q=harbour")
    looks = [
        page.locator(f".column [data-story='ap:{n}']").evaluate(
            "row => { const s = getComputedStyle(row); return s.borderLeft + s.backgroundColor }"
        )
        for n in (1, 2, 4, 5)
    ]
    assert len(set(looks)) == 4


def test_new_stories_wait_behind_a_count(page: Page, room: Newsroom) -> None:
    """They are counted, in the title too, and shown by a key; a search of its own hears of none."""
    only(page, "q=volcano")
    expect(page.locator(".column .none")).to_have_count(1)
    index(room, enriched("ap:v1", "Volcano wakes"), enriched("ap:other", "Nothing of the kind"))
    fresh = page.locator(".fresh button")
    expect(fresh).to_have_text("1 new: show")
    expect(page).to_have_title("(1) Desk · newswire")
    page.keyboard.press("n")
    expect(page.locator(".column h3")).to_have_text(["Volcano wakes"])
    expect(fresh).to_have_count(0)
    expect(page.locator(".column h3 a").first).to_be_focused()
    index(room, *(enriched(f"ap:v{n}", f"Volcano wakes for day {n}") for n in range(2, 36)))
    expect(fresh).to_have_text("34 new: show")  # more than a column lists
    index(room, enriched("ap:v9", "Volcano", version=2, status=Status.WITHDRAWN))
    expect(fresh).to_have_text("33 new: show")


def test_a_correction_and_a_kill_reach_a_column(page: Page, room: Newsroom) -> None:
    """A corrected row is marked with what changed; of a killed one only the notice stays."""
    index(room, enriched("ap:g1", "Glacier calves", version=1), enriched("ap:g2", "Glacier melts"))
    only(page, "q=glacier")
    index(room, enriched("ap:g1", "Glacier grows", version=2, signal=Signal.CORRECTION))
    bar = page.locator("[data-story='ap:g1'] .change")
    expect(bar).to_have_text("Correction, version 2: show what changed")
    index(room, enriched("ap:g2", "Glacier melts", version=2, status=Status.WITHDRAWN))
    expect(page.locator(".killed")).to_contain_text("may no longer be used")
    assert "melts" not in page.content()


def test_stories_slide_in_unless_lists_are_paused(page: Page, room: Newsroom) -> None:
    """As the reader has set it; a pause holds them back, and they come when it ends."""
    page.request.post("/preferences", form={"arrival": "slide"})
    only(page, "q=comet")
    index(room, enriched("ap:c1", "Comet seen"))
    expect(page.locator(".column h3")).to_have_text(["Comet seen"])
    page.keyboard.press(".")
    expect(page.locator("#pause")).to_have_text("Paused: go on")
    index(room, enriched("ap:c2", "Comet gone"))
    expect(page.locator(".fresh button")).to_have_text("1 new: show")
    page.keyboard.press(".")
    expect(page.locator(".column h3")).to_have_count(2)


def test_a_sound_and_a_notice_from_an_urgency(
    browser: Browser, address: str, room: Newsroom
) -> None:
    """Both come for a story as urgent as chosen, once, and for no other."""
    with window(browser, address, permissions=["notifications"]) as page:
        page.add_init_script(
            """window.heard = [];
            window.AudioContext = class { constructor() { heard.push('beep'); }
                createOscillator() {
                    return {frequency: {}, connect: x => x, start() {}, stop() {}}; }
                createGain() { return {gain: {}, connect: x => x}; } };
            window.Notification = class extends EventTarget {
                static permission = 'granted';
                constructor(said) { super(); heard.push(said); } };"""
        )
        page.request.post("/preferences", form={"sound": "1", "notice": "2"})
        only(page, "q=meteor")
        index(room, enriched("ap:m1", "Meteor one", urgency=4))
        index(room, enriched("ap:m2", "Meteor two", urgency=2))
        index(room, enriched("ap:m3", "Meteor three", urgency=1))
        expect(page.locator(".fresh button")).to_have_text("3 new: show")
        assert sorted(page.evaluate("heard")) == ["beep", "flash Meteor three", "urgent Meteor two"]
        page.request.post("/desk/delete")


def test_keys_move_open_and_pin(page: Page) -> None:
    """j and k move, l goes to the next column, p pins, o opens; what was opened is marked read."""
    page.goto("/desk")
    page.keyboard.press("j")
    page.keyboard.press("j")
    row = page.locator(".column:first-child li[data-story]").nth(1)
    expect(row.locator("a").first).to_be_focused()
    page.keyboard.press("p")
    expect(row.locator(".marks")).to_have_text("pinned")
    page.keyboard.press("l")
    expect(page.locator(".column:nth-child(2) li a").first).to_be_focused()
    page.keyboard.press("h")
    page.keyboard.press("k")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.locator("#story")).to_be_visible()
    story = page.locator("#story").get_attribute("data-story")
    page.goto("/desk")
    marks = page.locator(f".column:first-child [data-story='{story}'] .marks")
    expect(marks).to_have_text("read, pinned")
    expect(page.locator(".kept")).to_contain_text("Harbour closed")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()


def test_keys_can_be_switched_off(page: Page) -> None:
    """Then a single key does nothing."""
    page.request.post("/preferences", form={"keys": "off"})
    page.goto("/desk")
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(page.locator("#q")).not_to_be_focused()


def test_times_are_in_the_chosen_zone(page: Page) -> None:
    """In a zone of one's choice, or as ages."""
    page.request.post("/preferences", form={"zone": "Asia/Tokyo"})
    page.goto("/story/ap:1")
    there = (NOW - timedelta(minutes=1)).astimezone(UTC) + timedelta(hours=9)
    expect(page.locator("#story time").first).to_have_text(f"{there:%d %b %Y %H:%M}")
    page.request.post("/preferences", form={"zone": "UTC", "ages": "on"})
    page.goto("/?q=harbour&sort=newest")
    expect(page.locator(".hits time").first).to_contain_text("min ago")


def test_order_and_filters_act_at_once(page: Page) -> None:
    """A choice is a search; a span of the last hour is one click away."""
    page.goto("/?q=harbour")
    page.get_by_label("Order").select_option("oldest")
    expect(page.locator(".hits li").first).to_have_attribute("data-story", "ap:39")
    page.get_by_role("link", name="last hour").click()
    expect(page.locator(".chips")).to_contain_text("since")


def test_a_search_becomes_a_column_by_keyboard(page: Page) -> None:
    """Saved under a title, put on the desk, moved to the left, and taken off."""
    page.goto("/?q=dockers")
    page.get_by_label("Title", exact=True).fill("Docks")
    page.get_by_role("button", name="Save search").press("Enter")
    page.wait_for_load_state()
    page.goto("/desk")
    page.get_by_role("button", name="Add Docks as a column").press("Enter")
    headings = page.locator(".column h2")
    expect(headings).to_have_text(["All stories", "Urgent", "Corrections", "Docks"])
    page.get_by_role("button", name="Move Docks left").press("Enter")
    expect(headings).to_have_text(["All stories", "Urgent", "Docks", "Corrections"])
    page.get_by_role("button", name="Remove Docks", exact=True).first.press("Enter")
    expect(headings).to_have_text(["All stories", "Urgent", "Corrections"])


def test_columns_are_dragged(page: Page) -> None:
    """A column goes to the place of the one that it is dropped on, and stays there."""
    page.goto("/desk")
    heads = page.locator(".column .head")
    titles = page.locator(".column h2")
    assert titles.all_inner_texts() == ["All stories", "Urgent", "Corrections"]
    heads.nth(0).drag_to(heads.nth(2))
    expect(titles).to_have_text(["Urgent", "Corrections", "All stories"])
    page.reload()
    heads.nth(2).drag_to(heads.nth(1))
    expect(titles).to_have_text(["Urgent", "All stories", "Corrections"])
    page.get_by_role("button", name="Move Corrections left").press("Enter")
    expect(titles).to_have_text(["Urgent", "Corrections", "All stories"])
    answer = page.request.post("/desk/columns", form={"action": "move", "number": "0", "to": "9"})
    assert answer.status == 400
