"""The page on a running index, as a browser without scripts gets it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from lxml import html
from msgspec.structs import replace
from starlette.testclient import TestClient

from pipeline.web.security import POLICY
from pipeline.wire.enriched import Enriched, Topic
from pipeline.wire.story import Signal, Status
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import engine

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
LONG = "w" * 10_000
HOSTILE = f"<script>alert(1)</script><img src=x onerror=alert(1)> \"'> \u202eevil & \x01 {LONG}"


TOPICS = (
    Topic(code="medtop:17000000", name="weather", level=1, relation="sent"),
    Topic(code="medtop:03000000", name="disaster", level=1, relation="inferred", confidence=0.814),
)

SAFE = (
    "The boats of Josefa Ratu and Petero Vuki reached Levuka on Ovalau at 4 on Sunday, the Fiji"
    " Navy said. Captain Ratu thanked HMS Gannet and 12 men of Koro for bread and water."
)


def corpus() -> list[Enriched]:
    """Stories in two places, one with versions, a hostile one, two that must not be shown."""
    stories = [
        enriched(
            f"ap/{n}",
            f"Council meets again, day {n}",
            f"The council of {place} met on day {n}. Julie Legrand was there.",
            places=[place],
            persons=["Julie Legrand"],
            published_at=NOW - n * HOUR,
        )
        for n, place in enumerate(["Lyon"] * 20 + ["Nairobi"] * 5, 1)
    ]
    stories += [
        enriched("ap:v", "Storm near Suva", "Three boats are missing.", version=1),
        replace(
            enriched(
                "ap:v",
                "Storm hits Suva",
                "Two boats are missing off Suva, says Ana Koroi.",
                version=2,
                signal=Signal.CORRECTION,
                ednote="Corrects the number of boats.",
                places=["Suva"],
                persons=["Ana Koroi", "Ana"],
                published_at=NOW,
                claimed_source="Reuters",
                provider_id="tag:storm-7",
            ),
            topics=TOPICS,
        ),
        *(
            enriched(name, "Boats are safe", SAFE, source=source, published_at=NOW - n * HOUR)
            for n, (name, source) in enumerate((("ap:b", "AP"), ("afp:b", "AFP")), 1)
        ),
        enriched(
            "afp:h",
            f"Hostile {HOSTILE}",
            HOSTILE,
            persons=[HOSTILE],
            organisations=[HOSTILE],
            dateline=HOSTILE,
            slugline=HOSTILE,
            byline=HOSTILE,
            ednote=HOSTILE,
            source="<b>AFP",
        ),
    ]
    for name, status, until in (
        ("x-killed", Status.WITHDRAWN, None),
        ("x-embargoed", Status.EMBARGOED, NOW + 24 * HOUR),
    ):
        stories.append(
            enriched(
                name,
                "Zanzibar secret",
                "The council of secrets met in Lima.",
                places=["Lima"],
                persons=["Secret Person"],
                status=status,
                embargoed_until=until,
                published_at=NOW,
            )
        )
    return stories


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom with the corpus."""
    folder = tmp_path_factory.mktemp("pages")
    with engine("embedded", folder) as running, newsroom(running, folder) as made:
        for record in corpus():
            made.index(record)
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """A client of the application."""
    with served(room) as made:
        yield made


def page(client: TestClient, address: str, status: int = 200, **params: Any) -> Any:
    """A page, parsed."""
    answer = client.get(address, params=params or None)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return html.document_fromstring(answer.text)


def titles(found: Any) -> list[str]:
    """The headlines of the results."""
    return [link.text_content() for link in found.xpath(".//*[@class='hits']//h2/a")]


def total(found: Any) -> int:
    """How many stories the page says there are."""
    return int(found.xpath(".//*[@id='found']")[0].text_content().split()[0].replace(",", ""))


def test_a_search_finds_and_marks(client: TestClient) -> None:
    """The words that were looked for are marked in headlines and snippets."""
    found = page(client, "/", q="storm")
    assert titles(found) == ["Storm hits Suva"]
    assert found.xpath(".//*[@class='hits']//h2//mark")[0].text_content() == "Storm"
    assert found.xpath(".//input[@name='q']")[0].get("value") == "storm"


def test_near_duplicates_as_one(client: TestClient) -> None:
    """Chosen, it shows one copy of a story, which opens the others; the count stays."""
    everything = page(client, "/", q="boats")
    assert total(everything) == len(titles(everything)) == 3
    found = page(client, "/", q="boats", collapse="true", sort="newest")
    chosen = ".//select[@name='collapse']/option[@selected]/@value"
    assert found.xpath(chosen) == ["true"]
    assert total(found) == 3
    assert titles(found) == ["Storm hits Suva", "Boats are safe"]
    (similar,) = found.xpath(".//*[@class='similar']")
    assert similar.xpath("summary")[0].text_content() == "1 similar: AFP"
    assert similar.xpath(".//a/@href") == ["/story/afp:b"]
    assert page(client, "/").xpath(chosen) == [""]


def test_pages_follow_each_other(client: TestClient) -> None:
    """The next page goes on where the first one ends, and leads back to it."""
    first = page(client, "/", q="council")
    second = page(client, first.xpath(".//a[@rel='next']")[0].get("href"))
    assert len(titles(first)) == 20
    assert sorted(titles(first) + titles(second)) == sorted(
        f"Council meets again, day {n}" for n in range(1, 26)
    )
    assert titles(page(client, second.xpath(".//*[@class='pages']/a")[0].get("href"))) == titles(
        first
    )


def test_facets_add_and_take_out_filters(client: TestClient) -> None:
    """A facet's value is a link to the results with it; there it is a link back."""
    everything = page(client, "/")
    (link,) = [
        link
        for link in everything.xpath(".//*[@class='facets']//a")
        if "place=Nairobi" in link.get("href", "")
    ]
    chosen = page(client, link.get("href"))
    assert total(chosen) == int(link.xpath(".//*[@class='count']")[0].text) == 5
    (chip, _all) = chosen.xpath(".//main//*[@class='chips']//a")
    assert chip.xpath(".//bdi")[0].text == "Nairobi"
    assert total(page(client, chip.get("href"))) == total(everything)


def test_timeline_filters(client: TestClient) -> None:
    """A bar of the timeline is a link to the stories that it stands for."""
    found = page(client, "/", q="council")
    bars = found.xpath(".//*[@class='timeline']//a")
    assert sum(int(bar.get("aria-label").rsplit(" ", 1)[1]) for bar in bars) == 25
    count = int(bars[0].get("aria-label").rsplit(" ", 1)[1])
    assert total(page(client, bars[0].get("href"))) == count


def test_map_filters(client: TestClient) -> None:
    """A circle on the map is a link to the stories that name its place."""
    circles = page(client, "/").xpath(".//*[@class='map']//a")
    by_name = {circle.get("aria-label").split(",")[0]: circle for circle in circles}
    assert by_name.keys() == {"Lyon", "Nairobi", "Suva"}
    found = page(client, by_name["Nairobi"].get("href"))
    assert total(found) == 5
    assert [bdi.text for bdi in found.xpath(".//main//*[@class='chips']//bdi")] == ["Nairobi"]


def test_what_cannot_be_read_is_left_out(client: TestClient) -> None:
    """An address that makes no sense still gives a page, which says what was left out."""
    found = page(client, "/?q=storm&since=yesterdayish&bbox=1,2&urgency=x&nonsense=1&cursor=%25")
    assert titles(found) == ["Storm hits Suva"]
    said = " ".join(notice.text_content() for notice in found.xpath(".//*[@class='notice']"))
    assert {"since", "bbox", "urgency"} <= set(re.findall(r"\w+", said))


def test_a_story_shows_what_it_names(client: TestClient) -> None:
    """Names are marked in the text, each once, and the text reads as the wire sent it."""
    found = page(client, "/story/ap:v")
    body = found.xpath(".//article/*[@class='body']")[0]
    assert body.text_content() == "Two boats are missing off Suva, says Ana Koroi."
    marks = [(mark.get("class"), mark.text) for mark in body.xpath(".//mark")]
    assert marks == [("place", "Suva"), ("person", "Ana Koroi")]
    said = [note.text_content() for note in found.xpath(".//article/*[@class='notice']")]
    assert "named Reuters as its agency" in said[0]
    assert "tag:storm-7" in said[0]
    assert "Corrects the number" in said[1]
    assert "Suva" in found.xpath(".//*[@class='beside']//table")[0].text_content()
    assert "none" in found.xpath(".//dl")[0].text_content()


def test_versions_are_compared(client: TestClient) -> None:
    """The form of the versions leads to what changed between the two that are chosen."""
    found = page(client, "/story/ap:v")
    chosen = {
        radio.get("name"): radio.get("value")
        for radio in found.xpath(".//input[@type='radio'][@checked]")
    }
    changed = page(client, "/story/ap:v", **chosen).xpath(".//*[@id='changes']")[0]
    assert "Three" in [part.text for part in changed.xpath(".//del")]
    assert "Two" in [part.text for part in changed.xpath(".//ins")]
    older = page(client, "/story/ap:v", version=chosen["older"])
    assert (
        older.xpath(".//article/*[@class='body']")[0].text_content() == "Three boats are missing."
    )


@pytest.mark.parametrize("address", ["/?q=hostile", "/story/afp:h"])
def test_hostile_text_is_text(client: TestClient, address: str) -> None:
    """Markup of a wire's stands in the page as text, and its controls stay out of attributes."""
    source = client.get(address).text
    found = html.document_fromstring(source)
    script, *more = cast("list[str]", found.xpath(".//script/@src"))
    assert not more
    assert script.startswith("/static/newswire.js?v=")
    assert not found.xpath(".//img | .//b | .//*[@onerror]")
    assert "&lt;script&gt;alert(1)" in source
    assert "\u202e" not in (found.xpath(".//title")[0].text or "")
    named = found.xpath("//@title | //@aria-label")
    assert not any("\u202e" in value for value in named)


def test_hostile_queries_are_text(client: TestClient) -> None:
    """What is typed comes back as text."""
    found = page(client, "/", q='"><script>alert(1)</script>', person="<img src=x onerror=x>")
    assert len(found.xpath(".//script")) == 1
    assert not found.xpath(".//img")


@pytest.mark.parametrize("name", ["x-embargoed", "never-was"])
def test_what_may_not_be_shown_is_not(client: TestClient, name: str) -> None:
    """An embargoed story has a page like one that never was."""
    shown = page(client, f"/story/{name}", status=404)
    assert "Zanzibar" not in shown.text_content()
    assert shown.text_content() == page(client, "/story/no", status=404).text_content()


def test_a_kill_has_a_page(client: TestClient) -> None:
    """Who withdrew the story; nothing of what it said."""
    shown = page(client, "/story/x-killed", status=410)
    assert shown.xpath("string(//*[@role='alert'])").split()[0] in ("Killed", "Withdrawn")
    assert "has withdrawn this story" in shown.text_content()
    assert "Zanzibar" not in shown.text_content()
    assert "There is no story at this address" not in shown.text_content()


@pytest.mark.parametrize("query", ["", "?q=zanzibar", "?q=secret", "?place=Lima", "?q=council"])
def test_what_may_not_be_shown_is_on_no_search_page(client: TestClient, query: str) -> None:
    """Neither results, facets, map nor timeline know of it."""
    found = page(client, f"/{query}")
    for part in found.xpath(".//*[@class='hits' or @class='facets' or @class='map']"):
        text = " ".join([part.text_content(), *part.xpath(".//@aria-label")])
        assert not any(word in text for word in ("Zanzibar", "Secret", "Lima"))


def test_a_story_names_its_topics(client: TestClient) -> None:
    """Each leads to its stories; one that the wire did not send says so, and how sure it is."""
    sent, inferred = page(client, "/story/ap:v").xpath(".//h2[.='Topics']/following-sibling::ul//a")
    assert (sent.text_content(), sent.get("title")) == ("weather", None)
    assert inferred.text_content() == "disaster 81\xa0%"
    assert inferred.get("title") == "Inferred: the wire sent none"
    assert client.get(sent.get("href")).text.count("Storm hits Suva") >= 1


@pytest.mark.parametrize("address", ["/", "/story/ap:v", "/story/no", "/static/newswire.css"])
def test_the_policy_is_strict(client: TestClient, address: str) -> None:
    """Each answer carries the policy, which allows nothing inline and no other host."""
    answer = client.get(address)
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    if address.startswith("/static"):
        return
    found = html.document_fromstring(answer.text)
    assert not found.xpath("//@style | //style | //script[not(@src)]")
    assert not [name for name in found.xpath("//@*") if str(name.attrname).startswith("on")]
    loaded = found.xpath(
        "//script/@src | //link[@rel='stylesheet']/@href | //*[local-name()='use']/@href"
    )
    for part in loaded:
        assert client.get(part.partition("#")[0]).status_code == 200
    assert "CC BY 4.0" in found.xpath(".//footer")[0].text_content()


def test_scripts_and_styles_name_no_other_host() -> None:
    """What the page loads comes with the package; Leaflet's comments and credit name some hosts."""
    static = Path(__file__).parents[3] / "pipeline" / "web" / "static"
    named = {"leafletjs.com", "bugs.chromium.org", "bugzilla.mozilla.org"}
    for path in static.iterdir():
        hosts = set(re.findall(r"https?://([\w.-]+)", path.read_text(encoding="utf-8")))
        assert hosts <= {"www.w3.org"} | (named if path.name.startswith("leaflet.") else set())


def test_files_are_kept_for_good(client: TestClient) -> None:
    """What a page loads is asked for by its hash, once; by another name it is asked for again."""
    found = page(client, "/")
    for address in found.xpath("//script/@src | //link[@rel='stylesheet']/@href"):
        assert "immutable" in client.get(address).headers["cache-control"]
        bare, _, _ = address.partition("?")
        for other in (bare, f"{bare}?v=0"):
            assert client.get(other).headers["cache-control"] == "private, no-cache"
