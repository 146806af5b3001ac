"""Which agencies a feed speaks for: nobody replaces or kills another agency's story."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from config.feeds import Feed, load_feeds
from connectors.feed.reading import read
from connectors.formats import FORMATS, Context
from connectors.sources import Delivery
from connectors.sources.base import now
from pipeline.wire.errors import ConfigError
from pipeline.wire.story import Story
from tests.connectors.feeds import Broker, Listed, loop, parse_lines

FEEDS = """
[feeds.big]
source = "directory"
agency = "AP"

[feeds.small]
source = "webhook"
agency = "Example Press"

[feeds.two]
source = "directory"
agencies = ["dpa", "Example Press"]

[feeds.open]
source = "directory"

[feeds.all]
source = "directory"
agencies = ["*"]
"""

NITF = """<nitf><head><docdata><doc-id id-string="1" regsrc="{agency}"/></docdata></head>
<body><body.head><hedline><hl1>Ferry sails</hl1></hedline></body.head>
<body.content><p>It sailed.</p></body.content></body></nitf>"""
NITF_KILL = """<nitf><head><docdata management-status="canceled" management-doc-idref="AP:1"
management-idref-status="canceled"><doc-id id-string="2" regsrc="AP"/></docdata></head>
<body><body.head><hedline><hl1>Kill</hl1></hedline></body.head>
<body.content><p>Kill.</p></body.content></body></nitf>"""
G2 = """<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/"
guid="urn:newsml:ap.org:1" version="1">
<itemMeta><itemClass qcode="ninat:text"/><provider literal="{agency}"/>
<versionCreated>2026-03-02T09:00:00Z</versionCreated><pubStatus qcode="stat:canceled"/></itemMeta>
<contentMeta><headline>Ferry sails</headline></contentMeta></newsItem>"""
NEWSML12 = """<NewsML><NewsItem><Identification><NewsIdentifier><ProviderId>{agency}</ProviderId>
<DateId>20260302</DateId><NewsItemId>1</NewsItemId><RevisionId PreviousRevision="0" Update="N">1
</RevisionId><PublicIdentifier>urn:newsml:{agency}:20260302:1:1</PublicIdentifier></NewsIdentifier>
</Identification><NewsManagement><NewsItemType FormalName="News"/>
<FirstCreated>20260302T090000Z</FirstCreated>
<ThisRevisionCreated>20260302T090000Z</ThisRevisionCreated><Status FormalName="Usable"/>
</NewsManagement><NewsComponent><NewsLines><HeadLine>Ferry sails</HeadLine></NewsLines>
<ContentItem><DataContent><p>It sailed.</p></DataContent></ContentItem></NewsComponent>
</NewsItem></NewsML>"""
NINJS_SOURCE = '{{"uri": "1", "source": "{agency}", "headline": "Ferry sails"}}'
NINJS_URI = '{{"uri": "{agency}:1", "headline": "Ferry sails"}}'
RSS_GUID = """<rss version="2.0"><channel><title>Harbour</title><item><guid>{agency}:1</guid>
<title>Ferry sails</title></item></channel></rss>"""
RSS_TITLE = """<rss version="2.0"><channel><title>{agency}</title><item><guid>1</guid>
<title>Ferry sails</title></item></channel></rss>"""
TEXT = """Ferry sails

HARBOUR, Uruguay, March 2 ({agency}) — The ferry sailed on time on Monday.
"""

CLAIMS = {
    "NITF regsrc": ("nitf", NITF),
    "NITF management-doc-idref": ("nitf", NITF_KILL),
    "NewsML-G2 provider": ("newsml_g2", G2),
    "NewsML 1.2 provider": ("newsml12", NEWSML12),
    "ninjs source": ("ninjs", NINJS_SOURCE),
    "ninjs uri": ("ninjs", NINJS_URI),
    "RSS guid": ("rss", RSS_GUID),
    "RSS title": ("rss", RSS_TITLE),
    "dateline": ("text", TEXT),
}


@pytest.fixture
def feeds(tmp_path: Path) -> dict[str, Feed]:
    """Feeds of every kind."""
    file = tmp_path / "feeds.toml"
    file.write_text(FEEDS)
    return load_feeds(file, {})


def stories(feed: Feed, format_name: str, text: str, agency: str) -> tuple[Story, ...]:
    raw = text.format(agency=agency).encode()
    found = read(feed.model_copy(update={"format": format_name}), Delivery(raw, "x"))
    assert found.letters == ()
    return found.stories


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("name", ["small", "two", "open"])
@pytest.mark.parametrize("agency", ["AP", "ap", "The Associated Press"])
def test_no_feed_speaks_for_anothers_agency(
    feeds: dict[str, Feed], claim: str, name: str, agency: str
) -> None:
    """Whatever names another feed's agency is stored under the feed's own name, and marked."""
    if claim == "RSS guid" and " " in agency:
        pytest.skip("a guid with a space in it is no URI: the feed's title stands before it")
    for story in stories(feeds[name], *CLAIMS[claim], agency):
        own = {"small": "Example Press"}.get(name)
        if claim in ("ninjs uri", "RSS guid") and own:
            # The agency of the feed stands before the id, so nothing of AP's is named.
            assert (story.id, story.source) == (f"{own}:{agency}:1", own)
            continue
        assert story.id.startswith(f"{name}:")
        assert (story.source, story.claimed_source) == (name, "AP")


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("name", ["big", "all"])
def test_a_feed_speaks_for_its_own(feeds: dict[str, Feed], claim: str, name: str) -> None:
    """The agency's own feed, and an aggregator, bring its stories as `parse` reads them."""
    format_name, text = CLAIMS[claim]
    found = stories(feeds[name], format_name, text, "AP")
    raw = text.format(agency="AP").encode()
    parsed = FORMATS[format_name](raw, Context(agency=feeds[name].agency, received_at=now()))
    assert [(s.id, s.source, s.claimed_source) for s in found] == [
        (s.id, s.source, None) for s in parsed.stories
    ]


def test_a_feed_without_agencies_brings_what_no_other_names(feeds: dict[str, Feed]) -> None:
    """AFP is named by no feed, so a feed without agencies may bring it; dpa is named."""
    (afp,) = stories(feeds["open"], "ninjs", NINJS_SOURCE, "AFP")
    assert (afp.id, afp.source, afp.claimed_source) == ("AFP:1", "AFP", None)
    (dpa,) = stories(feeds["open"], "ninjs", NINJS_SOURCE, "dpa")
    assert (dpa.id, dpa.claimed_source) == ("open:dpa:1", "dpa")


@pytest.mark.parametrize(
    "uri",
    [
        "urn:newsml:ap.org:20260302:1",
        "tag:ap.org,2026:1",
        "https://www.ap.org/article/1",
    ],
)
@pytest.mark.parametrize("name", ["open", "two"])
def test_a_uri_of_anothers_host_is_a_claim(feeds: dict[str, Feed], uri: str, name: str) -> None:
    """A URI below another agency's host names that agency; one below any other host does not."""
    (story,) = stories(feeds[name], "ninjs", NINJS_URI.replace("{agency}:1", uri), "")
    assert (story.id, story.claimed_source) == (f"{name}:{uri}", "AP")
    other = uri.replace("ap.org", "harbour.example")
    (story,) = stories(feeds[name], "ninjs", NINJS_URI.replace("{agency}:1", other), "")
    assert (story.id, story.claimed_source) == (other, None)


def test_a_feeds_name_is_its_own(feeds: dict[str, Feed]) -> None:
    """No feed can name what another feed's claims are stored under."""
    (story,) = stories(feeds["open"], "ninjs", NINJS_URI, "small:AP")
    assert story.id == "open:small:AP:1"


@pytest.mark.parametrize("name", ["two", "small"])
def test_every_agency_of_a_feed_is_its_own(feeds: dict[str, Feed], name: str) -> None:
    """A feed of several agencies brings each of them; two feeds may share one."""
    (story,) = stories(feeds[name], "nitf", NITF, "Example Press")
    assert (story.source, story.claimed_source) == ("Example Press", None)


def test_versions_of_a_claimed_story_meet(feeds: dict[str, Feed]) -> None:
    """Two versions of a story under the feed's own name have one id."""
    ids = {
        story.id
        for headline in ("Ferry sails", "Ferry sails again")
        for story in stories(feeds["small"], "nitf", NITF.replace("Ferry sails", headline), "AP")
    }
    assert len(ids) == 1


def test_claims_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The feed counts each published claim, and its log names the agency."""
    monkeypatch.setitem(FORMATS, "lines", parse_lines)  # type: ignore[arg-type]
    broker = Broker()
    running = loop(
        tmp_path,
        Listed(b"AP:1|1|one\nours:1|1|two"),
        broker,
        agencies=("ours",),
        reserved=frozenset({"AP"}),
    )
    running.run(Event(), once=True)
    assert broker.said() == ["one", "two"]
    assert running.counts.claims == 1
    assert "does not speak for" in caplog.text


def test_agencies_of_a_wrong_type(tmp_path: Path) -> None:
    """A value that is not a list of names is an error that names the key."""
    file = tmp_path / "feeds.toml"
    file.write_text('[feeds.a]\nsource = "directory"\nagencies = 3\n')
    with pytest.raises(ConfigError, match=r"feeds\.a\.agencies"):
        load_feeds(file, {})
