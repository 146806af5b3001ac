"""The page in Chromium over many stories: first paint, what a click takes, and what jumps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from playwright.sync_api import Browser, Page

from tests.bench.filling import fill, names
from tests.bench.rig import quantile, rig
from tests.bench.running import Sizes, Where
from tests.bench.web import web
from tests.integration.web.chromium import chromium

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

INTERACTIONS: Mapping[str, tuple[str, Callable[[Page], object]]] = {
    "open the page": ("/", lambda page: page.reload()),
    "search for a word": ("/", lambda page: _search(page)),
    "filter by a person": ("/?q=president", lambda page: _follow(page, ".facets details a")),
    "filter by the map": ("/?q=president", lambda page: _follow(page, ".map a")),
    "filter by the timeline": ("/?q=president", lambda page: _follow(page, ".timeline a")),
    "open a story": ("/?q=president", lambda page: _follow(page, ".hits h2 a")),
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
        fill(system, names(system, stories), 0, stories)
        with web(system) as (_, port), chromium() as browser:
            address = f"http://127.0.0.1:{port}"
            rows = [
                _row(browser, address, name, path, act, sizes.clicks)
                for name, (path, act) in INTERACTIONS.items()
            ]
    return f"""## The page

`python -m tests.bench page`

{stories:,} stories; Chromium without a screen on the same machine, {sizes.clicks} times each after
one to warm up. From the click, or the key, to the first contentful paint of what it leads to, to
the largest one, to the end of the answer, and the layout shift until 200 ms after. A page leaves in
parts, the search box or the story's text first: the largest paint is what was asked for.
Milliseconds.

| | first paint, p50 / p95 | largest paint, p50 / p95 | answer, p50 / p95 | layout shift, worst |
|---|---|---|---|---|
{chr(10).join(rows)}
"""


def _row(
    browser: Browser,
    address: str,
    name: str,
    path: str,
    act: Callable[[Page], object],
    times: int,
) -> str:
    measured = []
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 860})
    page = context.new_page()
    for _ in range(times + 1):
        page.goto(path)
        before = page.evaluate("performance.timeOrigin")
        act(page)
        page.wait_for_function("before => performance.timeOrigin !== before", arg=before)
        page.wait_for_load_state("load")
        measured.append(page.evaluate(MEASURE))
    context.close()
    measured = measured[1:]
    shown = [_shown([one[key] for one in measured]) for key in ("paint", "largest", "answer")]
    worst = max(one["shift"] for one in measured)
    return f"| {name} | {' | '.join(shown)} | {worst:.3f} |"


def _shown(milliseconds: Sequence[float]) -> str:
    return f"{quantile(milliseconds, 0.5):.0f} / {quantile(milliseconds, 0.95):.0f}"
