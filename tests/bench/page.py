"""The page in Chromium over many stories: what a click takes, what jumps, what comes live."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from elasticsearch import Elasticsearch
from playwright.sync_api import Browser, Page

from pipeline.wire.story import Story
from tests.bench.filling import fill, names
from tests.bench.rig import Rig, quantile, rig
from tests.bench.running import Sizes, Where
from tests.bench.web import web
from tests.integration.web.chromium import chromium

WINDOW = {"width": 1280, "height": 860}
COLUMNS = 6
"""Of the desk."""
DRAG_STEPS = 40

MEASURE = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  let shift = 0, largest = null;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) largest = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    const answer = performance.getEntriesByType("navigation")[0].responseEnd;
    done({ paint: paint ? paint.startTime : null, largest, answer, shift });
  }, 200);
})))"""
"""From the start of the navigation, milliseconds; the shift without a unit, as the web has it."""

WEIGHT = """() => performance.getEntriesByType("navigation")
  .concat(performance.getEntriesByType("resource").filter(one => one.name.includes("/static/")))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""

INTERACTIONS: Mapping[str, tuple[str, Callable[[Page], object]]] = {
    "open the page": ("/", lambda page: page.reload()),
    "search for a word": ("/", lambda page: _search(page)),
    "filter by a person": ("/?q=president", lambda page: _follow(page, ".facets details li a")),
    "filter by the map": ("/?q=president", lambda page: _follow(page, ".map a")),
    "filter by the timeline": ("/?q=president", lambda page: _follow(page, ".timeline a")),
    "open a story": ("/?q=president", lambda page: _follow(page, ".hits h2 a")),
    "open the desk": ("/desk", lambda page: page.reload()),
}
"""What a reader does: where, and what."""


def _search(page: Page) -> None:
    page.locator("#q").fill("president")
    page.locator("#q").press("Enter")


def _follow(page: Page, links: str) -> None:
    page.locator(links).first.press("Enter")


def report(where: Where, sizes: Sizes) -> str:
    """The section on the page."""
    stories = sizes.searched[-1]
    with rig(where.engine, where.folder) as system:
        named = names(system, stories)
        fill(system, named, 0, stories)
        with web(system) as (_, port), chromium() as browser:
            address = f"http://127.0.0.1:{port}"
            _fill_desk(address)
            rows = [
                _row(browser, address, name, path, act, sizes.clicks)
                for name, (path, act) in INTERACTIONS.items()
            ]
            weights = [f"{_weight(browser, address, path) / 1000:.0f}" for path in ("/", "/desk")]
            frames = _dragged(browser, address)
            live = _live(system, browser, address, str(named), sizes.clicks)
    return f"""## The page

`python -m tests.bench page --stories {stories}`

{stories:,} stories; Chromium without a screen on the same machine, {sizes.clicks} times each after
one to warm up. From the click, or the key, to the first contentful paint of what it leads to, to
the largest one, to the end of the answer; how long `/api/search` takes for the same search, alone;
and the layout shift until 200 ms after. A page leaves in parts, the search box or the story's text
first: the largest paint is what was asked for. The desk has {COLUMNS} columns. Milliseconds.

p50 / p95:

| | first paint | largest paint | answer | search | layout shift, worst |
|---|---|---|---|---|---|
{chr(10).join(rows)}

Compressed, with styles and scripts, the page weighs without its map {weights[0]} kB, the desk
{weights[1]} kB. Dragging the open map over {DRAG_STEPS} steps: a frame each {_shown(frames)} ms,
the longest {max(frames):.0f} ms. From the index to the count of new stories on an open page:
{_shown(live)} ms.
"""


def _fill_desk(address: str) -> None:
    """Add columns to the desk until it has enough."""
    for number in range(COLUMNS - 3):
        body = f"action=add&title=Column+{number}&query=q%3Dpresident%26urgency%3D{number + 1}"
        request = urllib.request.Request(f"{address}/desk/columns", body.encode())
        urllib.request.urlopen(request, timeout=30).close()


def _row(
    browser: Browser,
    address: str,
    name: str,
    path: str,
    act: Callable[[Page], object],
    times: int,
) -> str:
    measured = []
    context = browser.new_context(base_url=address, viewport=WINDOW)
    page = context.new_page()
    for _ in range(times + 1):
        page.goto(path)
        before = page.evaluate("performance.timeOrigin")
        act(page)
        page.wait_for_function("before => performance.timeOrigin !== before", arg=before)
        page.wait_for_load_state("load")
        found = page.evaluate(MEASURE)
        parts = urlsplit(page.url)
        measured.append(found | {"search": _search_alone(address, parts.path, parts.query)})
    context.close()
    measured = measured[1:]
    parts_of = ("paint", "largest", "answer", "search")
    shown = [_shown([one[key] for one in measured]) for key in parts_of]
    worst = max(one["shift"] for one in measured)
    return f"| {name} | {' | '.join(shown)} | {worst:.3f} |"


def _search_alone(address: str, path: str, query: str) -> float | None:
    """Return how long the API takes for a page's search; None if the page is of no search."""
    if path != "/":
        return None
    asked = urlencode(parse_qsl(query))  # forms send empty fields too
    began = time.perf_counter()
    urllib.request.urlopen(f"{address}/api/search?{asked}", timeout=60).read()
    return 1000 * (time.perf_counter() - began)


def _weight(browser: Browser, address: str, path: str) -> float:
    """Return the bytes of a page with its styles and scripts, as they are sent."""
    context = browser.new_context(base_url=address, viewport=WINDOW)
    page = context.new_page()
    page.goto(path)
    page.wait_for_load_state("load")
    found = float(page.evaluate(WEIGHT))
    context.close()
    return found


def _dragged(browser: Browser, address: str) -> list[float]:
    """Return how long each frame takes while the open map is dragged."""
    context = browser.new_context(base_url=address, viewport=WINDOW)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Pan, zoom and select").click()
    page.locator(".leaflet-marker-icon").first.wait_for()
    page.locator("#map").scroll_into_view_if_needed()
    box = page.locator("#map").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(
        """() => {
          globalThis.frames_ = [];
          let last = performance.now();
          const step = now => {
            frames_.push(now - last);
            last = now;
            requestAnimationFrame(step);
          };
          requestAnimationFrame(step);
        }"""
    )
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(DRAG_STEPS):
        page.mouse.move(x + 2 * step, y + step)
    page.mouse.up()
    found = [float(each) for each in page.evaluate("frames_")]
    context.close()
    return found[1:]


def _live(system: Rig, browser: Browser, address: str, named: str, times: int) -> list[float]:
    """Return how long after its indexing each new story is counted on an open page."""
    context = browser.new_context(base_url=address, viewport=WINDOW)
    page = context.new_page()
    page.goto("/")
    page.evaluate(
        """() => {
          globalThis.counted = [];
          const line = document.getElementById("live");
          new MutationObserver(() => {
            const number = parseInt(line.textContent) || 0;
            while (counted.length < number) counted.push(Date.now());
          }).observe(line, { childList: true, subtree: true, characterData: true });
        }"""
    )
    with system.worker("tests.bench.worker", named):
        for number in range(times):
            system.publish([_fresh(number)])
            page.wait_for_function("n => counted.length > n", arg=number, timeout=120_000)
    shown = page.evaluate("counted")
    context.close()
    with Elasticsearch(system.engine.elasticsearch_url) as client:
        index = system.settings.elasticsearch.index
        found = client.search(index=index, size=times, query={"prefix": {"id": "live:"}})
    indexed = {hit["_id"]: hit["_source"]["indexed_at"] for hit in found["hits"]["hits"]}
    return [
        shown[number] - 1000 * datetime.fromisoformat(indexed[f"live:{number}"]).timestamp()
        for number in range(times)
    ]


def _fresh(number: int) -> Story:
    now = datetime.now(UTC)
    return Story(
        id=f"live:{number}",
        source="Agency 1",
        version=1,
        headline=f"The president speaks for time {number}",
        body="The president spoke again.",
        language="en",
        version_created=now,
        received_at=now,
    )


def _shown(milliseconds: Sequence[float | None]) -> str:
    known = [each for each in milliseconds if each is not None]
    return f"{quantile(known, 0.5):.0f} / {quantile(known, 0.95):.0f}" if known else "–"
