"""Every page in four widths, light and dark: nothing is too wide, broken, covered or cut off.

Each looks as in the picture that is kept of it (`tests.integration.web.pictures`). The pictures of
this run are in build/desk, for a person to look at.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec import structs
from playwright.sync_api import Browser, Page, expect

from pipeline.desk.users import Users
from pipeline.search.visible import Role
from pipeline.web.pages import LONG_WORD
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Signal, Status
from tests.integration.web.chromium import chromium, needs_chromium, served_at, window
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.integration.web.pictures import BUILT, Pictures, pin
from tests.integration.web.test_api import reprints
from tests.records import PLACES, enriched
from tests.servers import Engine

pytestmark = [needs_chromium, pytest.mark.long]

FAULTS = (Path(__file__).parent / "layout.js").read_text("utf-8")
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
WIDTHS = {"phone": 360, "tablet": 768, "laptop": 1366, "wall": 1920}
PAGES = {
    "search": "/",
    "compact": "/?q=council",
    "filtered": "/?q=truce&collapse=true&source=AP&since=2020-01-01",
    "nothing": "/?q=nosuchword",
    "unreadable": "/?urgency=x&q=(((",
    "story": "/story/ap:1?q=council",
    "correction": "/story/ap:v",
    "long": "/story/ap:long",
    "embargoed": "/story/ap:early",
    "killed": "/story/ap:killed",
    "missing": "/story/no",
    "notices": "/notices",
    "desk": "/desk",
    "preferences": "/preferences",
    "operations": "/operations",
    "near-duplicates": "/?q=truce&collapse=true",
    "events": "/?q=mill&collapse=events",
    "event": "/event/ap:fire",
    "values": "/values/source?q=council&source=AP",
    "roles": "/roles?person=Piet+Hallow",
    "alerts": "/alerts?query=q%3Dflood&title=Floods",
    "trending": "/trending?window=day",
    "race": "/race?without=AP",
    "attention": "/attention?search=council&search=mill&by=source&interval=day",
    "embargoes": "/embargoes",
    "kills": "/operations/reach",
    "reach": "/operations/reach/ap:killed",
    "map": "/?q=council&sort=oldest",
    "wide-map": "/?q=council&sort=oldest",
    "choosing": "/?q=council&sort=oldest",
    "keys": "/notices",
    "filters": "/?q=truce#filters",
    "nowhere": "/no/such/page",
}


TIMED = ("embargoed", "event")
"""Pages without a kept picture: a countdown, and days of one or two figures, move their lines."""


def _open_map(page: Page) -> None:
    page.get_by_role("button", name="Pan, zoom and select").press("Enter")
    expect(page.locator(".leaflet-marker-icon").first).to_be_visible()
    page.locator("#map").scroll_into_view_if_needed()


def _widen_map(page: Page) -> None:
    _open_map(page)
    page.get_by_role("button", name="Full width").press("Enter")
    page.locator("#map").scroll_into_view_if_needed()


def _choose(page: Page) -> None:
    page.get_by_role("link", name="Find and choose: Sources").evaluate("link => link.click()")
    expect(page.get_by_label("Part of the name")).to_be_focused()


ACTS: Mapping[str, Callable[[Page], object]] = {
    "map": _open_map,
    "wide-map": _widen_map,
    "choosing": _choose,
    "keys": lambda page: page.keyboard.press("?"),
}
"""What is done on a page before one looks at it."""
HEADLINES = (
    "Council of Lyon votes on the harbour levy after a night of talks, 1,204 dockers wait",
    "Donaudampfschifffahrtsgesellschaftskapitän geehrt",
    "مجلس المدينة يصوت على رسوم الميناء بعد ليلة من المحادثات",
    "市議会は徹夜の協議の末、港湾税について採決した",
    "Совет проголосовал за портовый сбор",
    "x" * 70,
)


TITLES = ("mill owner", "Owner", "chairman of the Lower Tarn chamber of commerce and industry")


def _titled(record: Enriched, title: str) -> Enriched:
    entities = tuple(structs.replace(entity, title=title) for entity in record.entities)
    return structs.replace(record, entities=entities)


def corpus() -> list[Enriched]:
    """Stories of many shapes: long and short, in several scripts, corrected, embargoed, killed."""
    made = [
        enriched(
            f"ap:{n}",
            HEADLINES[n % len(HEADLINES)],
            f"The council of {place} met. {n * 17} of 102 members voted; turnout was 97 %. "
            "Julie Legrand-Featherstonehaugh spoke for the harbour. " * 6,
            places=[place],
            persons=["Julie Legrand-Featherstonehaugh"],
            organisations=["Confederation of Dockers and Stevedores of the Rhône"],
            source=["AP", "AFP", "Agencia de Noticias del Pacífico Sur"][n % 3],
            slugline=f"BC-{place}-Council-Harbour, {n}th Ld-Writethru",
            urgency=1 + n % 5,
            published_at=NOW - timedelta(minutes=23 * n),
        )
        for n, place in zip(range(1, 40), [*PLACES] * 6, strict=False)
    ]
    versions = [
        enriched(
            "ap:v",
            "Storm hits Suva",
            f"{boats} boats are missing off Suva, says Ana Koroi.",
            places=["Suva"],
            version=version,
            signal=signal,
            ednote="CORRECTS the number of boats in the first paragraph." if signal else None,
            published_at=NOW - timedelta(hours=3 - version),
        )
        for version, boats, signal in ((1, "Three", None), (2, "Two", Signal.CORRECTION))
    ]
    later = {"status": Status.EMBARGOED, "embargoed_until": NOW + timedelta(hours=5, minutes=40)}
    fires = [
        enriched(
            f"{source.lower()}:fire",
            f"Kessandra mill burns in Lower Tarn, {source} says",
            "Fire destroyed the Kessandra mill in Lower Tarn, owner Piet Hallow said. "
            f"At least {dead} people were killed.",
            persons=["Piet Hallow"],
            source=source,
            version=1,
            first_created=NOW - timedelta(minutes=90 - minute),
            published_at=NOW - timedelta(minutes=90 - minute),
        )
        for source, dead, minute in (("AP", 12, 0), ("AFP", 14, 20), ("EFE", 14, 45))
    ]
    return [
        *made,
        *versions,
        *reprints(),
        *(_titled(fire, title) for fire, title in zip(fires, TITLES, strict=True)),
        enriched(
            "ap:long", HEADLINES[-1], "w" * 4000 + " and " + "https://example.org/" + "a" * 90
        ),
        enriched("ap:early", "Report on schools", "It says this.", **later),
        enriched("ap:killed", slugline="BC-Mayor", ednote="It is wrong.", status=Status.WITHDRAWN),
    ]


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom with the corpus, and an administrator, who sees every page."""
    with newsroom(engine, tmp_path_factory.mktemp("layout")) as made:
        for record in corpus():
            made.index(record)
        made.group()
        yield made


@pytest.fixture(scope="module")
def token(room: Newsroom) -> str:
    """The administrator's token."""
    return Users(room.settings.data_dir).add("ana", Role.ADMIN, None)


@pytest.fixture(scope="module")
def address(room: Newsroom, token: str) -> Iterator[str]:
    """Where the application is served."""
    with served_at(room) as made:
        yield made


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    """One browser for all tests of an engine."""
    with chromium() as made:
        yield made


@pytest.fixture(params=["light", "dark"])
def colours(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    """Day and night."""
    chosen: Literal["light", "dark"] = request.param
    return chosen


@pytest.fixture(scope="module")
def kept(browser: Browser, pytestconfig: pytest.Config) -> Pictures:
    """The kept pictures of pages."""
    renew = pytestconfig.getoption("--renew-pictures")
    return Pictures(browser.new_page(), renew, renew or pytestconfig.getoption("--pictures"))


@pytest.fixture(scope="module")
def keeping(address: str, token: str, browser: Browser) -> None:
    """What the administrator keeps: a saved search, a pin, a note and an alert."""
    credentials = {"username": "ana", "password": token, "send": "always"}
    with window(browser, address, http_credentials=credentials) as page:
        for path, form in (
            ("/desk/searches", {"query": "q=council", "title": "Councils of the Rhône"}),
            ("/desk/pins", {"id": "ap:1"}),
            ("/desk/notes", {"id": "ap:v", "text": "Ask the harbour master. " * 6}),
            ("/alerts", {"title": "Floods", "query": "q=flood", "way": "topic", "minutes": "0"}),
        ):
            assert page.request.post(path, form=form).ok


@pytest.mark.usefixtures("keeping")
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_in_order(
    browser: Browser,
    address: str,
    token: str,
    kept: Pictures,
    engine_kind: str,
    colours: Literal["light", "dark"],
    width: str,
) -> None:
    """No page is too wide, breaks a word, or covers one; axe-core finds nothing; it looks as kept.

    The pictures are compared on one engine: both have the same pages.
    """
    axe, faults = Axe(), []
    credentials = {"username": "ana", "password": token, "send": "always"}
    view = {"width": WIDTHS[width], "height": 800 if width == "phone" else 768}
    look = {"viewport": view, "color_scheme": colours, "reduced_motion": "reduce"}
    BUILT.mkdir(parents=True, exist_ok=True)
    with window(browser, address, http_credentials=credentials, **look) as page:
        for name, path in PAGES.items():
            form = {"list": "compact" if name == "compact" else "full", "back": "/preferences"}
            page.request.post("/preferences", form=form)
            page.goto(path)
            page.wait_for_load_state("load")
            if act := ACTS.get(name):
                act(page)
            found = page.evaluate(FAULTS, LONG_WORD)
            page.screenshot(path=BUILT / f"{engine_kind}-{name}-{width}-{colours}.png")
            if width in ("phone", "laptop"):
                found += violations(axe, page)
            if kept.asked and engine_kind == "embedded" and name not in TIMED:
                pin(page)
                found += kept.faults(f"{name}-{width}-{colours}", page.screenshot())
            faults += [f"{name}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def violations(axe: Axe, page: Page) -> list[str]:
    """What axe-core says of a page."""
    return [
        f"{fault['help']}: {node['html'][:160]}"
        for fault in axe.run(page).response["violations"]
        for node in fault["nodes"][:3]
    ]


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ("<p style='width: 20px; overflow-wrap: anywhere'>102</p>", "broken"),
        ("<p style='width: 30px'>97 %</p>", "broken"),
        ("<p style='width: 3000px'>wide</p>", "wide"),
        ("<p>one</p><p style='margin-top: -30px'>two</p>", "over"),
        ("<button style='width: 20px; padding: 0; overflow: hidden'>Compare</button>", "cut off"),
    ],
)
def test_a_fault_is_found(browser: Browser, address: str, html: str, says: str) -> None:
    """Each kind of fault, put in by hand."""
    with window(browser, "about:blank") as page:
        page.set_content(f"<body style='font: 16px sans-serif'>{html}</body>")
        found = page.evaluate(FAULTS, LONG_WORD)
        assert [fault for fault in found if says in fault], found


def test_another_look_is_found(kept: Pictures, browser: Browser, address: str, token: str) -> None:
    """A heading in another colour, and one that stands a little lower, do not look as kept."""
    credentials = {"username": "ana", "password": token, "send": "always"}
    look = {"viewport": {"width": 360, "height": 800}, "http_credentials": credentials}
    with window(browser, address, **look) as page:
        page.goto("/no/such/page")
        name = "nowhere-phone-light"
        pin(page)
        assert not kept.faults(name, page.screenshot())
        for style in ("color: #a3261b", "margin-top: 8px"):
            page.evaluate("style => document.querySelector('h1').style.cssText = style", style)
            (fault,) = kept.faults(name, page.screenshot())
            assert f"differs-{name}.png" in fault
            (BUILT / f"differs-{name}.png").unlink()
