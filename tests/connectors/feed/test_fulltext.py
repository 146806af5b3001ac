"""The full text behind a feed's items: fetched politely, extracted, or the summary stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from config.feeds import Feed
from config.settings import Retry
from connectors.cursor import FILE, Cursor
from connectors.feed import fulltext
from connectors.feed.archive import Archive
from connectors.feed.loop import FeedLoop
from connectors.feed.pages import Hosts, Pages
from connectors.feed.reading import read
from connectors.sources import Delivery
from pipeline.wire import codec
from pipeline.wire.errors import NotAllowed, SourceUnavailable
from pipeline.wire.story import Link, Status, Story
from pipeline.wire.topics import Topics
from pipeline.wire.versions import rank
from tests.connectors.feeds import Broker, Listed

PARAGRAPHS = [
    "The ferry between the two towns will sail every hour from Monday, the harbour office said.",
    "It had sailed every two hours since the storm of last winter damaged the northern pier.",
    "The repair of the pier took eleven weeks and cost about four million crowns in all.",
    "Commuters had asked for the earlier timetable in a letter that nine hundred of them signed.",
]
ARTICLE = f"""<!doctype html><html><head><title>Ferry sails hourly</title></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav>
<div class="banner">We use cookies to improve this site. <button>Accept</button></div>
<article><h1>Ferry sails hourly</h1>{"".join(f"<p>{p}</p>" for p in PARAGRAPHS)}</article>
<footer>Imprint and contact</footer></body></html>"""
PAYWALL = ARTICLE.replace(
    "</head>",
    '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": "False"}'
    "</script></head>",
)
CONSENT = """<html><body><main><h1>Before you continue</h1>
<p>We and our 812 partners store cookies on your device to measure what you read and how long.</p>
<p>You can change your consent at any time, and read our privacy policy about your rights.</p>
<p>If you do not give your consent to cookies, some of what we show you may be less relevant.</p>
</main></body></html>"""
OFFERS = [
    "Subscribe now to continue reading this story.",
    "Already a subscriber? Sign in.",
    "This story is exclusive to subscribers.",
    "Jetzt weiterlesen mit PierPlus. Sie haben bereits ein Abo?",
    "Cet article est réservé aux abonnés. Il vous reste 80% de cet article à lire.",
    "Contenido exclusivo para suscriptores.",
    "Contenuto riservato agli abbonati.",
    "Denne saken er for abonnenter.",
]
BARRIERS = [
    "Please enable JavaScript and cookies to continue with this request.",
    "Complete the security check to reach the site.",
    "Verify you are human by completing the action below.",
    "Sign in to your account with the address that you gave.",
    "Bitte aktivieren Sie JavaScript.",
]


def article_that_ends(offer: str) -> str:
    return ARTICLE.replace("</article>", f"<p>{offer}</p></article>")


def page_of_text(barrier: str) -> str:
    return ARTICLE.replace("<article>", f"<article><p>{barrier}</p>")


RSS = """<rss version="2.0"><channel><title>Harbour</title><item><guid>1</guid>
<title>Ferry sails hourly</title><link>https://wire.example/ferry</link>
<description>The ferry sails every hour.</description></item></channel></rss>"""


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that no name server is asked for."""
    known = {"inside.example": "10.0.0.5"}

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (known.get(host, "93.184.216.34"), port))]

    monkeypatch.setattr("connectors.sources.fetch.socket.getaddrinfo", getaddrinfo)


class Web:
    """What hosts answer, by address, and what they were asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[httpx.Response]] = {}
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []
        self.waited: list[float] = []

    def put(self, url: str, *answers: httpx.Response | str) -> None:
        self.answers[url] = [
            httpx.Response(200, text=a, headers={"etag": '"1"'}) if isinstance(a, str) else a
            for a in answers
        ]

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        asked = str(request.url.copy_with(netloc=request.headers["host"].encode()))
        answers = self.answers.get(asked, [httpx.Response(404)])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    """Hosts in memory; nothing sleeps."""
    made = Web()
    monkeypatch.setattr("connectors.feed.pages.time.sleep", made.slept.append)
    return made


def pages(web: Web, own: str | None = None) -> Pages:
    hosts = Hosts(sleep=web.waited.append)
    return Pages(own, hosts, Retry(), transport=httpx.MockTransport(web.answer))


def test_an_article() -> None:
    """The article's paragraphs, without menu, banner and footer."""
    text = fulltext.article(ARTICLE.encode(), "https://wire.example/ferry")
    assert text.split("\n\n")[-4:] == PARAGRAPHS
    for other in ("Sport", "cookies", "Imprint"):
        assert other not in text


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (PAYWALL, "paywall"),
        (CONSENT, "consent"),
        (CONSENT.replace("store cookies on", "verarbeiten personenbezogene Daten auf"), "consent"),
        *((article_that_ends(offer), "paywall") for offer in OFFERS),
        *((page_of_text(barrier), "login|browser") for barrier in BARRIERS),
        ("<html><body><p>Loading</p></body></html>", "no article"),
        ("", "no article"),
        ("\x00\x01\x02" * 100, "no article"),
        ("<div>" * 20_000 + "x", ""),
    ],
)
def test_no_article(page: str, reason: str) -> None:
    """A paywall, a consent page, an empty or a broken page has no text."""
    with pytest.raises(fulltext.NoText, match=reason):
        fulltext.article(page.encode(), "https://wire.example/ferry")


@pytest.mark.parametrize(
    "line",
    [
        "Subscribe to our newsletter.",
        "The ferry is for subscribers of the harbour card, who need not pay to board it again.",
        "Customers could not sign in to their accounts on Monday.",
        "The company must ask for consent to its cookies.",
    ],
)
def test_an_article_about_such_things_is_an_article(line: str) -> None:
    """A word of an offer or a consent page does not make one."""
    page = ARTICLE.replace("<article>", f"<article><p>{line}</p>")
    assert PARAGRAPHS[0] in fulltext.article(page.encode(), "https://wire.example/ferry")


def test_the_body_does_not_begin_with_the_headline() -> None:
    """A page's heading is the story's headline already."""
    url = "https://wire.example/ferry"
    story = Story(id="1", source="Harbour", headline="Ferry sails hourly", links=(Link(href=url),))
    assert fulltext.with_full_text(story, {url: ARTICLE.encode()}).body == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.EMBARGOED])
def test_only_usable_stories(status: Status) -> None:
    """A killed or embargoed story's page is not fetched."""
    links = (Link(href="https://wire.example/a"),)
    assert fulltext.page_of(Story(id="a", links=links)) == "https://wire.example/a"
    assert fulltext.page_of(Story(id="a", links=links, status=status)) is None


@pytest.mark.parametrize(
    "link",
    [
        Link(href="https://wire.example/a.mp3", rel="enclosure"),
        Link(href="urn:x:1"),
        Link(href="https://wire.example/a.pdf", rel="alternate", type="application/pdf"),
        Link(href="file:///etc/passwd"),
    ],
)
def test_links_that_are_no_page(link: Link) -> None:
    """Enclosures, other types and other schemes are not fetched."""
    assert fulltext.page_of(Story(id="a", links=(link,))) is None


def test_robots_are_followed(web: Web) -> None:
    """A page that robots.txt forbids is not requested; the file is read once."""
    web.put("https://wire.example/robots.txt", "User-agent: newswire\nDisallow: /no")
    web.put("https://wire.example/yes", "page")
    getting = pages(web)
    for _ in range(2):
        with pytest.raises(NotAllowed, match=r"robots\.txt"):
            getting.get("https://wire.example/no")
    assert getting.get("https://wire.example/yes") == b"page"
    assert web.paths() == ["/robots.txt", "/yes"]


def test_robots_that_fail_forbid(web: Web) -> None:
    """While robots.txt can't be read, no page is fetched; without the file all are."""
    web.put("https://wire.example/robots.txt", httpx.Response(503))
    with pytest.raises(NotAllowed):
        pages(web).get("https://wire.example/a")
    web.put("https://other.example/a", "page")
    assert pages(web).get("https://other.example/a") == b"page"


def test_rate_of_a_host(web: Web) -> None:
    """One host is requested once a second, or as its Crawl-delay says; another meanwhile."""
    web.put("https://wire.example/robots.txt", "User-agent: *\nCrawl-delay: 7")
    for host in ("wire", "other"):
        web.put(f"https://{host}.example/a", "page")
    getting = pages(web)
    for _ in range(3):
        getting.get("https://wire.example/a")
    getting.get("https://other.example/a")
    assert [round(seconds) for seconds in web.waited] == [0, 1, 8, 15, 0, 1]


def test_conditional_requests(web: Web) -> None:
    """A page that was fetched before is requested with its ETag, and 304 returns it."""
    first = httpx.Response(200, text="page", headers={"etag": '"1"'})
    web.put("https://wire.example/a", first, httpx.Response(304))
    getting = pages(web)
    assert [getting.get("https://wire.example/a") for _ in range(2)] == [b"page", b"page"]
    assert web.asked[-1].headers["if-none-match"] == '"1"'


@pytest.mark.parametrize(("status", "tries"), [(503, 3), (429, 3), (404, 1), (403, 1), (451, 1)])
def test_tries(web: Web, status: int, tries: int) -> None:
    """A temporary failure is tried three times, any other once."""
    web.put("https://wire.example/a", httpx.Response(status))
    with pytest.raises(SourceUnavailable, match=str(status)):
        pages(web).get("https://wire.example/a")
    assert web.paths().count("/a") == tries


def test_private_addresses(web: Web) -> None:
    """No page is fetched from a private address, unless it is the feed's own origin."""
    web.put("https://inside.example/a", "page")
    with pytest.raises(NotAllowed, match=r"private|robots"):
        pages(web).get("https://inside.example/a")
    assert web.asked == []
    assert pages(web, "https://inside.example/feed").get("https://inside.example/a") == b"page"


def run(folder: Path, web: Web, broker: Broker, **more: Any) -> FeedLoop:
    """A feed with full text, run until its source has no more."""
    feed = Feed(name="wire", source="directory", format="rss", full_text=True)
    loop = FeedLoop(
        feed,
        Listed(Delivery(RSS.encode(), "https://wire.example/rss", state={"next": "1"})),
        Cursor(folder / FILE, "wire"),
        broker,  # type: ignore[arg-type]
        Topics(),
        Retry(base_seconds=0.001, max_seconds=0.01),
        pages=pages(web),
        **more,
    )
    loop.run(Event(), once=True)
    return loop


@pytest.fixture
def broker() -> Broker:
    """A broker in memory."""
    return Broker()


def published(broker: Broker) -> Story:
    (record,) = broker.records
    return codec.decode_story(record.value)


def test_a_story_has_its_pages_text(tmp_path: Path, web: Web, broker: Broker) -> None:
    """The page's text is the body, the feed's own text the summary; known items fetch nothing."""
    web.put("https://wire.example/ferry", ARTICLE)
    done = run(tmp_path, web, broker)
    story = published(broker)
    assert story.body.endswith(PARAGRAPHS[-1])
    assert story.summary == "The ferry sails every hour."
    assert story.text_source == "https://wire.example/ferry"
    assert (done.counts.full_texts, done.counts.full_text_failures) == (1, 0)
    asked = len(web.asked)
    again = loop_again(tmp_path, web, broker)
    assert (len(web.asked), again.counts.duplicates) == (asked, 1)


def loop_again(folder: Path, web: Web, broker: Broker) -> FeedLoop:
    """The same item, on a page that has changed around it."""
    feed = Feed(name="wire", source="directory", format="rss", full_text=True)
    changed = RSS.replace("</channel>", "<!-- later --></channel>").encode()
    loop = FeedLoop(
        feed,
        Listed(b"", Delivery(changed, "https://wire.example/rss", state={"next": "2"})),
        Cursor(folder / FILE, "wire"),
        broker,  # type: ignore[arg-type]
        Topics(),
        Retry(base_seconds=0.001, max_seconds=0.01),
        pages=pages(web),
    )
    loop.run(Event(), once=True)
    return loop


@pytest.mark.parametrize(
    "answer", [httpx.Response(404), httpx.Response(503), PAYWALL, CONSENT, "<p>short</p>"]
)
def test_the_summary_stays(
    tmp_path: Path, web: Web, broker: Broker, answer: httpx.Response | str
) -> None:
    """Where the page has no text to be read, the story is published as the feed has it."""
    web.put("https://wire.example/ferry", answer)
    done = run(tmp_path, web, broker)
    story = published(broker)
    assert (story.body, story.text_source) == ("The ferry sails every hour.", None)
    assert (done.counts.full_texts, done.counts.full_text_failures) == (0, 1)


def test_the_archive_has_the_page(tmp_path: Path, web: Web, broker: Broker) -> None:
    """A replay from the archive has the same text, without a request."""
    web.put("https://wire.example/ferry", ARTICLE)
    archive = Archive(str(tmp_path / "archive"), tmp_path / "spool", "wire")
    running = run(tmp_path, web, broker, archive=archive)
    (delivery,) = archive.deliveries()
    (story,) = read(running.feed, delivery).stories
    assert (story.body, story.text_source) == (
        published(broker).body,
        "https://wire.example/ferry",
    )


ITEM = "<item><guid>{0}</guid><link>https://wire.example/{0}</link><title>{0}</title></item>"


def polled(
    folder: Path, web: Web, broker: Broker, polls: int, clock: Callable[[], float], *names: str
) -> FeedLoop:
    """A feed with some items that is polled so many times."""
    feed = Feed(name="wire", source="directory", format="rss", full_text=True)
    items = "".join(map(ITEM.format, names))
    raw = f"<rss version='2.0'><channel><title>W</title>{items}</channel></rss>".encode()
    loop = FeedLoop(
        feed,
        Listed(Delivery(raw, "https://wire.example/rss", state={"next": "1"})),
        Cursor(folder / FILE, "wire"),
        broker,  # type: ignore[arg-type]
        Topics(),
        Retry(base_seconds=0.001, max_seconds=0.01),
        pages=pages(web),
    )
    loop._later.clock = clock
    loop._cursor.begin()
    for _ in range(polls):
        loop._round(Event())
    return loop


def texts(broker: Broker) -> list[tuple[str | None, str | None]]:
    """The headline of each story that was published, and where its text is from."""
    stories = map(codec.decode_story, (record.value for record in broker.records))
    return [(story.headline, story.text_source) for story in stories]


def test_a_page_that_fails_for_now_is_tried_again(tmp_path: Path, web: Web, broker: Broker) -> None:
    """The story goes out at once, and its text follows as a newer version."""
    web.put("https://wire.example/ferry", *[httpx.Response(503)] * 3, ARTICLE)
    now = iter(range(0, 10_000, 100))
    done = polled(tmp_path, web, broker, 2, lambda: next(now), "ferry")
    assert texts(broker) == [("ferry", None), ("ferry", "https://wire.example/ferry")]
    first, second = (codec.decode_story(record.value) for record in broker.records)
    assert rank(second) > rank(first)
    assert (done.counts.full_texts, done.counts.full_text_failures) == (1, 0)


def test_pages_hold_a_feed_only_so_long(
    tmp_path: Path, web: Web, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What there is no time for goes out as the feed has it; the texts follow after the polls."""
    monkeypatch.setattr("connectors.feed.loop.PAGES_SECONDS", 0.0)
    for name in ("a", "b"):
        web.put(f"https://wire.example/{name}", ARTICLE)
    loop = polled(tmp_path, web, broker, 1, lambda: 0.0, "a", "b")
    assert texts(broker)[:2] == [("a", None), ("b", None)]
    loop._round(Event())
    assert {source for _, source in texts(broker)[2:]} == {
        "https://wire.example/a", "https://wire.example/b"
    }  # fmt: skip


def test_a_page_is_given_up(tmp_path: Path, web: Web, broker: Broker) -> None:
    """After three more tries the story stays as it is, and counts as a failure."""
    web.put("https://wire.example/ferry", httpx.Response(503))
    now = iter(range(0, 10_000_000, 10_000))
    done = polled(tmp_path, web, broker, 6, lambda: next(now), "ferry")
    assert texts(broker) == [("ferry", None)]
    assert done.counts.full_text_failures == 1
