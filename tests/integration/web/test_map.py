"""The map that one can move in, and the timeline that one can drag over, in a real Chromium."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from config.settings import Web
from pipeline.web.security import POLICY
from tests.integration.web.chromium import needs_chromium, window
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine, engine

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Stories in Lyon, Paris, Nairobi and Lima, on several days."""
    with newsroom(engine, tmp_path_factory.mktemp("map")) as made:
        for number, places in enumerate((["Lyon"], ["Lyon", "Paris"], ["Nairobi"], ["Lima"])):
            made.index(
                enriched(
                    f"ap:{number}",
                    f"Council {number}",
                    f"In {' and '.join(places)} the council met.",
                    places=places,
                    published_at=NOW - timedelta(hours=5 * number),
                )
            )
        yield made


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A window with the map open; nothing was asked of another host."""
    size = {"width": 1366, "height": 900}
    with window(browser, address, viewport=size, reduced_motion="reduce") as made:
        asked: list[str] = []
        made.on("request", lambda request: asked.append(request.url))
        made.goto("/?q=council")
        made.get_by_role("button", name="Pan, zoom and select").press("Enter")
        expect(made.locator(".leaflet-marker-icon").first).to_be_visible()
        yield made
        assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]


def found(page: Page) -> list[str]:
    """The ids of the results, once the page has them."""
    page.wait_for_load_state("load")
    rows = page.locator(".results li[data-story]")
    return sorted(rows.evaluate_all("rows => rows.map(row => row.dataset.story)"))


@needs_chromium
def test_circles_are_counted_and_filter_by_keyboard(page: Page) -> None:
    """Close places share a circle; Enter on it zooms in, on a place alone it filters."""
    near = page.get_by_role("button", name="2 places near Lyon: 3")
    near.focus()
    near.press("Enter")
    lyon = page.get_by_role("button", name="Lyon: 2")
    expect(lyon).to_be_visible()
    lyon.focus()
    lyon.press("Enter")
    expect(page).to_have_url(re.compile("place=2996944"))
    expect(page.locator("#found")).to_have_text("2 stories")


@needs_chromium
def test_the_map_is_large(page: Page) -> None:
    """Two fifths of the column at least, and the whole width on a click."""
    assert page.locator("#map").evaluate("box => box.offsetHeight / innerHeight") >= 0.4
    page.get_by_role("button", name="Full width").press("Enter")
    assert page.locator("#map").evaluate("box => box.offsetWidth / innerWidth") > 0.85


@needs_chromium
def test_a_rectangle_and_a_polygon_filter(page: Page) -> None:
    """Drawn with the mouse around Nairobi; the view itself filters by keyboard."""
    spot = page.get_by_role("button", name="Nairobi: 1").bounding_box()
    assert spot
    x, y = spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2
    page.get_by_role("button", name="Rectangle").click()
    page.mouse.move(x - 30, y - 30)
    page.mouse.down()
    page.mouse.move(x, y)
    page.mouse.move(x + 30, y + 30)
    page.mouse.up()
    expect(page).to_have_url(re.compile("bbox="))
    expect(page.locator("#found")).to_have_text("1 story")
    assert found(page) == ["ap:2"]
    page.goto("/?q=council")
    page.get_by_role("button", name="Pan, zoom and select").press("Enter")
    expect(page.get_by_role("button", name="Nairobi: 1")).to_be_visible()
    page.get_by_role("button", name="Polygon").click()
    for dx, dy in ((-40, -40), (40, -40), (40, 40), (-40, 40)):
        page.mouse.click(x + dx, y + dy)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("polygon="))
    expect(page.locator("#found")).to_have_text("1 story")
    expect(page.locator(".chips").first).to_contain_text("a polygon")


@needs_chromium
def test_the_timeline_is_brushed(page: Page) -> None:
    """Dragging over bars chooses their span, which is compared with the one before."""
    bars = page.locator(".timeline a")
    first, last = bars.nth(1).bounding_box(), bars.last.bounding_box()
    assert first
    assert last
    page.mouse.move(first["x"] + first["width"] / 2, first["y"] + first["height"] / 2)
    page.mouse.down()
    page.mouse.move(last["x"] + last["width"] / 2, last["y"] + last["height"] / 2, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile("since=.*until="))
    expect(page.locator("#found")).to_have_text("3 stories")
    expect(page.locator(".before")).to_contain_text("before")
    since = (NOW - timedelta(hours=8)).isoformat()
    page.goto("/?" + urlencode({"q": "council", "since": since}))
    expect(page.locator(".before")).to_contain_text("2 in the 8 hours before: +0 %")
    expect(page.locator("polyline.earlier")).to_have_count(1)


@needs_chromium
def test_the_timeline_is_brushed_by_keyboard(page: Page) -> None:
    """Shift and an arrow choose more bars, Enter goes; Escape lets them go."""
    bars = page.locator(".timeline a")
    bars.nth(1).focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".timeline .brushed")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.locator(".timeline .brushed")).to_have_count(0)
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("since=.*until="))
    expect(page.locator("#found")).to_have_text("2 stories")


def test_a_polygon_is_a_filter_of_the_api(room: Newsroom) -> None:
    """Whatever the engine: a triangle around East Africa, and one that misses it."""
    with served(room) as client:
        for corners, ids in (("20,-20,60,0,20,20", ["ap:2"]), ("60,-20,90,0,60,20", [])):
            hits = client.get("/api/search", params={"polygon": corners}).json()["hits"]
            assert [hit["id"] for hit in hits] == ids
        assert client.get("/api/search?polygon=1,2").status_code == 422


def test_tiles_come_from_the_host_of_the_settings(tmp_path: str) -> None:
    """Off unless set; then the policy lets images of that host alone in."""
    from pathlib import Path

    with engine("embedded", Path(tmp_path)) as running:
        tiles = "https://tiles.example.org/{z}/{x}/{y}.png"
        with newsroom(running, Path(tmp_path), map_tiles=tiles) as made, served(made) as client:
            page = client.get("/")
            policy = page.headers["content-security-policy"]
            assert "img-src 'self' https://tiles.example.org data:" in policy
            assert tiles in page.text
    assert "example" not in POLICY
    for wrong in ("http://tiles.example.org/{z}", "https://tiles.example.org/", "javascript:{z}"):
        with pytest.raises(ValueError, match="map_tiles"):
            Web(map_tiles=wrong)
