"""Deliveries as wires really send them: takes, trailers, ids that identify nothing."""

from __future__ import annotations

import json

import pytest

from connectors.formats import FORMATS, KNOWN, Context, Parsed
from connectors.formats.auto import recognise
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Signal, Status, Story
from pipeline.wire.versions import rank


def read(name: str, text: str, context: Context | None = None) -> Parsed:
    return FORMATS[name](text.encode(), context or Context())


def one(name: str, text: str) -> Story:
    (story,) = read(name, text).stories
    return story


SLUG = "BC-EU--Pier,{version}120\n{text}\n\nAP-WF-03-0{day}-26 1509GMT\n"
STORY = "Pier closes\nBy ANNA KELLER\nAssociated Press\nLISBON, Portugal (AP) - The pier closed."


def test_ap_s_trailer_dates_the_story_and_its_id() -> None:
    """The trailer is no keyword line: it ends a story, dates it, and parts the days' stories."""
    parsed = read("text", SLUG.format(version="", text=STORY, day=2) * 2)
    assert parsed.errors == ()
    assert [story.id for story in parsed.stories] == ["AP:EU--Pier:2026-03-02"] * 2
    other = one("text", SLUG.format(version="", text=STORY, day=3))
    assert other.id == "AP:EU--Pier:2026-03-03"


def test_ap_s_kill_meets_its_story_under_both_ids() -> None:
    """A kill names the id without a day that the story had before trailers were read."""
    kill = one("text", SLUG.format(version=" KILL,", text="Kill it.\nIt is wrong.", day=2))
    assert (kill.status, kill.id) == (Status.WITHDRAWN, "AP:EU--Pier:2026-03-02")
    assert kill.former_ids == ("AP:EU--Pier",)


def anpa(version: str, text: str, minute: int) -> str:
    return (
        f"\x16\x16\x01W100{minute}\x1f__t\r\nr i\x13\x11 BC-EU--Pier 03-02 0100\r\n"
        f"\x02^BC-EU--Pier,{version}100<\r\n^Pier closes<\r\n\tLISBON (AP) _ {text}\r\n"
        f"\x03AP-WF-03-02-26 15{minute}0GMT\r\n\x04"
    )


@pytest.mark.parametrize("order", [(0, 1, 2, 2), (2, 1, 0, 1)])
def test_takes_never_replace_the_first(order: tuple[int, ...]) -> None:
    """Takes have ids of their own and name the first one, in any order and sent twice."""
    takes = [anpa("", "First.", 1), anpa(" 1st Add,", "Second.", 2), anpa(" 2nd Add,", "Third.", 3)]
    parsed = read("anpa1312", "".join(takes[n] for n in order))
    ids = {story.id for story in parsed.stories}
    first = "AP:EU--Pier:2026-03-02"
    assert ids == {first, f"{first}#add-1", f"{first}#add-2"}
    for story in parsed.stories:
        is_add = story.signal is Signal.ADD
        assert [link.href for link in story.links if link.rel == "first-take"] == [first] * is_add


def test_a_lead_after_a_take_is_the_newest_story() -> None:
    """A lead replaces the first take and outranks it; the add stands beside."""
    texts = (anpa("", "First.", 1), anpa(" 1st Add,", "More.", 2), anpa(" 1st Ld,", "New.", 3))
    first, add, lead = read("anpa1312", "".join(texts)).stories
    assert first.id == lead.id != add.id
    assert rank(lead) > rank(first)


@pytest.mark.parametrize("slug", ["Take 2", "Take 2 of 3", "1st Add", "Add 1", "2ND ADD"])
def test_every_way_to_write_a_take(slug: str) -> None:
    """Adds and later takes are takes; the first take is the story."""
    text = f"BC-EU--Pier, {slug},100\nPier closes\nLISBON (AP) - The pier closed on Monday."
    assert "#add-" in one("text", text).id
    assert "#add-" not in one("text", text.replace(slug, "1st Ld")).id


NEWSML = """<NewsML><NewsItem><Identification><NewsIdentifier><ProviderId>p.example</ProviderId>
<DateId>20260302</DateId>{ids}</NewsIdentifier></Identification><NewsComponent><NewsLines>
<HeadLine>{title}</HeadLine></NewsLines></NewsComponent></NewsItem></NewsML>"""
G2 = (
    '<newsItem guid="{ids}"><itemMeta><versionCreated>2026-03-02T10:00:00Z</versionCreated>'
    "</itemMeta><contentMeta><headline>{title}</headline></contentMeta></newsItem>"
)
NITF = (
    "<nitf><head><docdata><doc-id id-string='{ids}'/><date.issue norm='20260302T100000Z'/>"
    "</docdata></head><body><body.head><hedline><hl1>{title}</hl1></hedline></body.head></body></nitf>"
)
RSS = (
    "<rss><channel><title>C</title><item><guid>{ids}</guid><title>{title}</title></item>"
    "</channel></rss>"
)
NOTHING = (
    "",
    "0",
    "000",
    "-",
    "n/a",
    "www.p.example",
    "http://www.p.example/",
    "urn:newsml:p.example",
)


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("newsml12", NEWSML.replace("{ids}", "<NewsItemId>{ids}</NewsItemId>")),
        ("newsml12", NEWSML.replace("{ids}", "<PublicIdentifier>{ids}</PublicIdentifier>")),
        ("newsml_g2", G2),
        ("nitf", NITF),
        ("rss", RSS),
        ("ninjs", '{{"uri": "{ids}", "headline": "{title}", "body_text": "x"}}'),
        ("jsonfeed", '{{"title": "C", "items": [{{"id": "{ids}", "title": "{title}"}}]}}'),
        ("ap_media", '{{"altids": {{"itemid": "{ids}"}}, "headline": "{title}"}}'),
    ],
)
def test_an_id_that_identifies_nothing_is_replaced(name: str, text: str, nothing: str) -> None:
    """Two stories under one placeholder stay apart, and a story's versions meet."""
    pier, bridge, again = (
        one(name, text.format(ids=nothing, title=title)) for title in ("Pier", "Bridge", "Pier")
    )
    assert pier.id != bridge.id
    assert pier.id == again.id


def test_an_item_without_any_id_is_read() -> None:
    """NewsML without item and public id, and G2 without guid, are stories."""
    assert one("newsml12", NEWSML.format(ids="", title="Pier")).headline == "Pier"
    assert one("newsml_g2", G2.replace('guid="{ids}"', "").format(title="Pier")).headline == "Pier"


@pytest.mark.parametrize(
    "identifier", ["story.html", "AFP.TX-1", "x1", "tag:p.example,2026:2", "7"]
)
def test_an_unusual_id_is_kept(identifier: str) -> None:
    """What merely looks like a host or a placeholder identifies its story."""
    story = one("nitf", NITF.format(ids=identifier, title="Pier"))
    assert story.id.endswith(identifier)


@pytest.mark.parametrize("update", ["", "N", "U"])
def test_a_revision_is_no_part_of_an_undated_id(update: str) -> None:
    """Versions whose public identifier has no date meet; their number is not lost."""
    ids = (
        "<NewsItemId>4625</NewsItemId><RevisionId>{0}</RevisionId>"
        "<PublicIdentifier>urn:newsml:p.example:4625:{0}{1}</PublicIdentifier>"
    )
    first, second = (
        one("newsml12", NEWSML.format(ids=ids.format(n, update), title="Pier")) for n in (1, 2)
    )
    assert first.id == second.id
    assert (first.version, second.version) == (1, 2)


def test_a_kill_names_the_ids_that_earlier_revisions_had() -> None:
    """A kill of an undated public identifier carries the id that each revision had before."""
    public = "<PublicIdentifier>urn:newsml:p.example:4625:2N</PublicIdentifier>"
    ids = f"<RevisionId>2</RevisionId>{public}"
    text = NEWSML.format(ids=ids, title="KILL: Pier")
    kill = one("newsml12", text)
    assert kill.id == "p.example:urn:newsml:p.example:4625"
    assert "p.example:urn:newsml:p.example:4625:1N" in kill.former_ids
    assert one("newsml12", text.replace("KILL: ", "")).former_ids == ()


PLACEHOLDERS = [
    ("nitf", '<nitf><head><docdata management-status="canceled"><doc-id id-string="0"/>'
     "<date.issue norm='20260302T100000Z'/></docdata><title>Pier</title></head></nitf>", "P:0"),
    ("newsml12", NEWSML.format(ids="<NewsItemId>0</NewsItemId>", title="KILL: Pier"), ":0"),
    ("newsml_g2", '<newsItem guid="0"><itemMeta><pubStatus qcode="stat:canceled"/></itemMeta>'
     "<contentMeta><headline>Pier</headline></contentMeta></newsItem>", "P:0"),
    ("ninjs", '{"uri": "0", "headline": "Pier", "pubstatus": "canceled", "version": "1"}', "P:0"),
    ("ap_media", '{"altids": {"itemid": "0"}, "headline": "Pier", "pubstatus": "canceled"}', "P:0"),
    ("jsonfeed", '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "0",'
     ' "title": "KILL: Pier"}]}', "P:0"),
    ("rss", "<rss><channel><title>C</title><item><guid>0</guid><title>KILL: Pier</title>"
     "</item></channel></rss>", "P:0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "former"), PLACEHOLDERS, ids=[each[0] for each in PLACEHOLDERS]
)
def test_a_kill_names_the_placeholder_that_was_its_id(name: str, text: str, former: str) -> None:
    """Earlier releases took "0" for an id: what they indexed under it is killed as well."""
    (kill,) = read(name, text, Context(agency="P")).stories
    assert kill.status is Status.WITHDRAWN
    assert [each.endswith(former) for each in kill.former_ids] == [True]
    assert not kill.id.endswith(former)


def test_one_guid_for_two_links_names_neither() -> None:
    """Items that share a guid stay apart by their links; a link that moves keeps the story."""
    item = (
        "<item><guid isPermaLink='false'>{0}</guid><link>https://c.example/{1}</link>"
        "<title>{1}</title></item>"
    )
    feed = "<rss><channel><title>C</title>{0}</channel></rss>"
    both = read("rss", feed.format(item.format("g", "a") + item.format("g", "b"))).stories
    assert len({story.id for story in both}) == 2
    moved = [one("rss", feed.format(item.format("g", link))).id for link in ("a", "b")]
    assert moved[0] == moved[1]


WIRE = """eca00081 4 pl 210    dpa 1103

/transport/Portugal/
1ST LEAD
Ferry sails again
By Ana Example, dpa  =

Lisbon (dpa) - A ferry sailed again on Monday, the harbour said, after a month.

021203 GMT Mar 26
"""


def test_a_wire_that_lost_its_controls_is_read() -> None:
    """Several IPTC 7901 messages without SOH, STX and ETX are read as with them."""
    assert recognise(WIRE.encode(), KNOWN).name == "iptc7901"
    first, second = read("auto", WIRE + WIRE.replace("eca00081", "eca00082")).stories
    assert (first.headline, first.version, first.urgency) == ("Ferry sails again", 1, 4)
    assert (first.keywords, first.id) == (("transport", "Portugal"), second.id)


def test_a_desk_before_a_known_agency_is_no_source() -> None:
    """An unknown token of the header yields to the agency that the dateline names."""
    assert one("iptc7901", WIRE.replace("dpa 1103", "etf 1103")).source == "dpa"


@pytest.mark.parametrize("carrier", ["g2", "newsml12", "ninjs", "g2-escaped"])
def test_nitf_is_read_by_one_reader_whoever_carries_it(carrier: str) -> None:
    """Title, byline, keywords and body of NITF come out of whatever it stands in."""
    nitf = (
        "<nitf><head><title>Pier sold</title><docdata><key-list><keyword key='piers;harbour'/>"
        "</key-list></docdata></head><body><body.head><byline>By<person>Ana Example</person>"
        "</byline></body.head><body.content><p>It was sold.</p><p>At noon.</p></body.content>"
        "</body></nitf>"
    )
    escaped = nitf.replace("<", "&lt;").replace(">", "&gt;")
    g2 = "<newsItem guid='urn:t:1'><contentSet>{0}</contentSet></newsItem>"
    text = {
        "g2": g2.format(f"<inlineXML>{nitf}</inlineXML>"),
        "g2-escaped": g2.format(f"<inlineData>{escaped}</inlineData>"),
        "newsml12": NEWSML.replace("<HeadLine>{title}</HeadLine></NewsLines>", "</NewsLines>"
        f"<ContentItem><DataContent>{nitf}</DataContent></ContentItem>").format(ids="<NewsItemId>9</NewsItemId>"),
        "ninjs": json.dumps({"uri": "urn:t:1", "headline": "Pier sold", "type": "text",
                             "bodies": [{"contentType": "text/vnd.IPTC.NITF", "value": nitf}]}),
    }[carrier]  # fmt: skip
    story = one("auto", text)
    assert (story.headline, story.body) == ("Pier sold", "It was sold.\n\nAt noon.")
    if carrier != "ninjs":
        assert (story.byline, story.keywords) == ("By Ana Example", ("piers", "harbour"))


@pytest.mark.parametrize(
    "text",
    [
        '<newsItem guid="1"><itemMeta><itemClass qcode="ninat:text"/></itemMeta><contentSet>'
        "<inlineXML><sports-content><sports-event/></sports-content></inlineXML></contentSet></newsItem>",
        '<newsItem guid="1"><contentSet><inlineXML><events><event/></events></inlineXML>'
        "</contentSet></newsItem>",
        '<planningItem guid="1"/>',
        '{"uri": "1", "type": "event", "headline": "Fair"}',
        '{"type": "planning", "planning_date": "2026-03-02", "slugline": "fair"}',
        '{"uri": "1", "type": "text", "versioncreated": "2026-03-02T10:00:00Z"}',
    ],
)  # fmt: skip
def test_what_is_no_story_is_skipped_with_a_reason(text: str) -> None:
    """Events, plans, sports data and empty items give no story and no error."""
    parsed = read("auto", text)
    assert (parsed.stories, parsed.errors) == ((), ())
    assert all(skipped.reason for skipped in parsed.skipped)
    assert parsed.skipped


@pytest.mark.parametrize(
    "text",
    [
        "WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 3\r\n\r\nabc\r\n",
        '{"@context": "https://schema.org", "@type": "Organization", "name": "C", "url": "u"}',
        '{"@context": "https://schema.org", "@type": "Recipe", "headline": "Soup", "uri": "u"}',
        '{"@context": "https://www.w3.org/ns/activitystreams", "headline": "x", "uri": "u"}',
        '{"headline": "Only a headline", "price": 3}',
        '{"headline": "Only a headline", "version": 3}',
        '{"uri": "/api/items", "status": "ok"}',
        '{"id": 1, "guid": {"rendered": "x"}, "title": {"rendered": "x"}, "type": "post"}',
        '{"id": 1, "guid": "g", "title": {"rendered": "x"}, "content": "y"}',
        "<sitemapindex><sitemap><loc>https://c.example/news.xml</loc></sitemap></sitemapindex>",
    ],
)
def test_what_is_of_no_known_format_is_an_error(text: str) -> None:
    """Archives, JSON-LD of other types and unknown JSON are never stories."""
    with pytest.raises(ParseError) as caught:
        read("auto", text)
    assert caught.value.where


def test_repeated_keyword_lines_and_advisories_are_read() -> None:
    """Every KeywordLine is a keyword, and an AdvisoryLine is a note to editors."""
    lines = (
        "<KeywordLine>pier; harbour</KeywordLine><KeywordLine>Lisbon</KeywordLine>"
        "<AdvisoryLine>ADDS quotes</AdvisoryLine>"
    )
    story = one("newsml12", NEWSML.replace("</NewsLines>", f"{lines}</NewsLines>").format(
        ids="<NewsItemId>9</NewsItemId>", title="Pier"))  # fmt: skip
    assert (story.keywords, story.ednote) == (("pier", "harbour", "Lisbon"), "ADDS quotes")


def test_hidden_text_is_dropped() -> None:
    """The preheader of a newsletter and hidden cells are no text of the story."""
    page = (
        "<div style='color:red; DISPLAY : none'>Preheader<table><tr><td>x</td></tr></table></div>"
        "<p>One</p><table><tr><td>a</td><td hidden>b</td><td>c</td></tr></table><p>Two</p>"
    )
    story = one("ninjs", json.dumps({"uri": "1", "headline": "x", "body_html": page}))
    assert story.body == "One\n\na  c\n\nTwo"


def test_controls_in_a_page_do_not_stop_its_reading() -> None:
    """HTML may refer to characters that XML forbids; the menu between them is still taken out."""
    page = (
        '<html><head><script type="application/ld+json">{"@context": "https://schema.org",'
        ' "@type": "NewsArticle", "headline": "Pier"}</script></head><body><article>'
        "<p>The pier\x01</p>\x0b<nav>Menu</nav>\x02 closed.</article></body></html>"
    )
    story = one("newsarticle", page)
    assert "Menu" not in story.body
    assert story.body.split() == ["The", "pier", "closed."]


BARE = "bdt0123 4 vm 85  dpa 0456\n{head}Kiel (dpa) - The ferry sails.\n241405 GMT Nov 26\n"


@pytest.mark.parametrize(
    ("head", "keywords", "headline", "byline"),
    [
        ("Ferry/\nFerry sails again =\n", ("Ferry",), "Ferry sails again", None),
        ("Soccer\nResults of the cup =\n", ("Soccer",), "Results of the cup", None),
        ("Ferry/\nFerry sails =\nBy Anna Keller, dpa =\n", ("Ferry",), "Ferry sails",
         "By Anna Keller, dpa"),
        ("Ferry sails again between\nthe two ports =\n", (),
         "Ferry sails again between the two ports", None),
    ],
)  # fmt: skip
def test_the_head_of_a_wire_that_lost_its_controls(
    head: str, keywords: tuple[str, ...], headline: str, byline: str | None
) -> None:
    """Keyword line, headline and byline are told apart, each with an end of its own."""
    story = one("iptc7901", BARE.format(head=head))
    assert (story.keywords, story.headline, story.byline) == (keywords, headline, byline)
    assert story.body == "Kiel (dpa) - The ferry sails."


@pytest.mark.parametrize("mark", ["\t", "     "])
def test_kyodo_s_anpa(mark: str) -> None:
    """The headline is between plus signs, a paragraph is indented, wrapped lines are joined."""
    story = one(
        "anpa1312",
        "\x16\x16\x01w0123\x1f------\r\nr i\x13\x11 BC-Ferry-Kyushu 11-24 0100\r\n"
        "\x02BC-Ferry-Kyushu,100<\r\n+Ferry sails again in Kyushu+<\r\n"
        f"{mark}FUKUOKA, Nov. 24, Kyodo - The ferry between two ports sailed\r\n"
        f"again Monday, the operator said.\r\n{mark}It had been out.\r\n==Kyodo\r\n"
        "\x03KWS-11-24-26 0910GMT\r\n\x04",
    )
    assert (story.headline, story.source) == ("Ferry sails again in Kyushu", "Kyodo")
    assert story.body.split("\n\n") == [
        "FUKUOKA, Nov. 24, Kyodo - The ferry between two ports sailed again Monday, "
        "the operator said.",
        "It had been out.",
        "==Kyodo",
    ]


def test_ansa_s_trailer_dates_the_story() -> None:
    """The last line is no text, and its time is in the feed's zone, which the story says."""
    text = (
        "Riparte il traghetto\n\n(ANSA) - GENOVA, 24 NOV - Il traghetto torna.\n"
        "24-NOV-26 14:05 NNNN\n"
    )
    (story,) = read("text", text, Context(timezone="Europe/Rome")).stories
    assert story.version_created is not None
    assert story.version_created.isoformat() == "2026-11-24T13:05:00+00:00"
    assert (story.source, story.zone_assumed) == ("ANSA", True)
    assert "NNNN" not in story.body


def test_numbers_that_end_an_item_id() -> None:
    """ANP's "-v2" is a revision; in "A-1" and "A-2" the number is that of the item."""
    made = [
        NEWSML.format(ids=f"<NewsItemId>{item}</NewsItemId><RevisionId>{n}</RevisionId>", title="T")
        for item, n in (("A-v1", 1), ("A-v2", 2), ("A-1", 1), ("A-1", 2), ("A-2", 2))
    ]
    ids = [one("newsml12", text).id for text in made]
    assert ids[0] == ids[1]
    assert ids[2] == ids[3] != ids[4]


def test_ttnitf_is_tt_s() -> None:
    """Its root element names the agency where the document does not."""
    story = one("auto", NITF.format(ids="a1", title="Färjan").replace("nitf>", "ttnitf>"))
    assert (story.source, story.id, story.format) == ("TT", "TT:a1", "nitf")


@pytest.mark.parametrize(
    ("first", "kill"),
    [
        ("UPDATE 1-Ferry sinks off Wales", "ADVISORY-STORY WITHDRAWN-Ferry sinks off Wales"),
        ("Un ferry coule au large de Brest", "ANNULATION - Un ferry coule au large de Brest"),
    ],
)
def test_a_kill_without_a_slug_meets_its_story_by_the_headline(first: str, kill: str) -> None:
    """Words that say what a version does are neither a dateline nor part of the id."""
    story, killed = (
        one("text", f"{headline}\n\nCARDIFF, Nov 30 (Reuters) - A ferry sank on Monday.\n")
        for headline in (first, kill)
    )
    assert killed.status is Status.WITHDRAWN
    assert (killed.headline, killed.id) == (kill, story.id)
    both = [
        one("ninjs", json.dumps({"headline": each, "body_text": "x", "type": "text"})).id
        for each in (first, kill)
    ]
    assert both[0] == both[1]


def test_an_advisory_line_withdraws() -> None:
    """AFP sends the withdrawal of a story as an advisory to the editors of a usable item."""
    note = (
        "<NewsLine><NewsLineType FormalName='AdvisoryLine'/>"
        "<NewsLineText>ANNULATION</NewsLineText></NewsLine>"
    )
    story = one(
        "newsml12",
        "<NewsML><NewsItem><Identification><NewsIdentifier><NewsItemId>T1</NewsItemId>"
        "</NewsIdentifier></Identification><NewsManagement><Status FormalName='Usable'/>"
        f"</NewsManagement><NewsComponent><NewsLines><HeadLine>Un ferry</HeadLine>{note}"
        "</NewsLines></NewsComponent></NewsItem></NewsML>",
    )
    assert story.status is Status.WITHDRAWN


@pytest.mark.parametrize(
    ("lines", "slugline", "headline"),
    [
        ("BUSHFIRE WA TOLL\n\nWA bushfire destroys six homes", "BUSHFIRE WA TOLL",
         "WA bushfire destroys six homes"),
        ("HOME Ferry\nFERRY SERVICE RESUMES AFTER STORM", "HOME Ferry",
         "FERRY SERVICE RESUMES AFTER STORM"),
        ("ZCZC0123/SXA\nXCI20334\nR CRO S0A QBXB\nIncendio in un capannone", None,
         "Incendio in un capannone"),
        ("EFE2043 11/30/2026 14:05:00\nIncendio en Ourense", None, "Incendio en Ourense"),
        ("FERRY SINKS IN HIGH SEAS OFF WALES\nAll passengers are safe, the company says now", None,
         "FERRY SINKS IN HIGH SEAS OFF WALES"),
        ("Sieben Verletzte bei Busunfall =", None, "Sieben Verletzte bei Busunfall"),
    ],
)  # fmt: skip
def test_a_slug_or_code_above_the_headline_is_not_the_headline(
    lines: str, slugline: str | None, headline: str
) -> None:
    """A short line in the other case is a slug, a line of codes is nothing; a headline stays."""
    story = one("text", f"{lines}\n\nPERTH, Nov 30 AAP - Six homes have been lost in a fire.\n")
    assert (story.slugline, story.headline) == (slugline, headline)


def test_a_shared_slug_makes_no_id_and_a_kill_meets_the_headline_s() -> None:
    """Two stories of a day may have AAP's slug in common; a kill names the former id as well."""
    text = "FIRE WA\n{0}\n\nPERTH, Nov 30 AAP - Six homes have been lost in a fire.\n"
    fire, trial = (
        one("text", text.format(each))
        for each in ("Fire destroys six homes", "Fire lighter goes on trial")
    )
    assert fire.id != trial.id
    kill = one("text", text.format("STORY WITHDRAWN: Fire destroys six homes"))
    assert (kill.id, len(kill.former_ids)) == (fire.id, 1)


def test_a_trailer_ends_a_story_of_lists_and_belongs_to_the_story_above_it() -> None:
    """Neither scores without a sentence nor a trailer below the end mark shift a story."""
    scores, lottery = read(
        "text",
        "AM-Prep Scores,120\nMonday's Scores\nBy The Associated Press\nAberdeen 55, Huron 40\n"
        "AP-WF-12-01-26 0510GMT\n\nBC-SD--Lottery,40\nSD Lottery\n"
        "PIERRE, S.D. (AP) _ These lotteries were drawn on Monday.\nAP-WF-12-01-26 0511GMT\n",
    ).stories
    assert (scores.headline, scores.body) == ("Monday's Scores", "Aberdeen 55, Huron 40")
    assert lottery.headline == "SD Lottery"
    ferry = one("text", "Ferry returns\n\nThe ferry sails again today.\n\nend\n301612 NOV 26\n")
    assert ferry.body == "The ferry sails again today."
    assert ferry.version_created is not None
    assert f"{ferry.version_created:%d %H:%M}" == "30 16:12"


def test_a_notebook_in_plain_text_is_for_editors() -> None:
    """dpa's contacts are never part of a body, also where a relay made plain text of it."""
    story = one(
        "text",
        "Unfall in Daun =\n\nDaun (dpa) - Bei einem Unfall sind sieben verletzt worden.\n\n"
        "# Notizblock\n\n## Orte\n- Daun\n\n* * * *\nDie folgenden Informationen sind nicht zur "
        "Veröffentlichung bestimmt\n\n- Autorin: 030 1\ndpa jk\n301432 Nov 26\n",
    )
    assert "Notizblock" not in story.body
    assert "Autorin" not in story.body
    assert "Autorin" in (story.ednote or "")


PAGE = (
    "<!DOCTYPE html><html><head><script type='application/ld+json'>{data}</script></head><body>"
    "<article class='related-story'><h1>Ferry</h1><p class='byline'>By Ana</p><p>First.</p>"
    "<div class='share-bar'>Share this</div><section class='story-related'><p>Second, which is "
    "long enough to be most of what this article has to say about its ferry.</p></section>"
    "<div id='cookie-banner'>We use cookies</div></article></body></html>"
)


def test_a_page_s_article_is_read_without_what_stands_between() -> None:
    """Bylines, share bars and cookie lines inside the article are no text, by their names."""
    data = '{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Ferry"}'
    story = one("newsarticle", PAGE.replace("{data}", data))
    assert story.body.startswith("First.\n\nSecond, which")
    assert story.body.endswith("its ferry.")


def test_a_node_of_a_page_is_no_id() -> None:
    """ "#article" is in every page of a site: two pages are two stories."""
    ids = {
        one(
            "newsarticle",
            json.dumps(
                {
                    "@context": "https://schema.org",
                    "@type": "NewsArticle",
                    "@id": "#article",
                    "headline": "Ferry",
                    "mainEntityOfPage": f"https://pier.example/{page}",
                }
            ),
        ).id
        for page in ("a", "b")
    }
    assert ids == {"https://pier.example/a", "https://pier.example/b"}


def test_a_page_of_an_event_is_an_error() -> None:
    """Linked data of another type say that a page is no story."""
    data = '{"@context": "https://schema.org", "@type": "Event", "name": "Fair"}'
    with pytest.raises(ParseError, match="no NewsArticle"):
        read("auto", PAGE.replace("{data}", data))


def test_an_acronym_before_a_dash_begins_no_story() -> None:
    """Only a known agency, or one that the delivery has signed with before, cuts a delivery."""
    paragraphs = (
        "BERLIN (dpa) - The talks in the capital went on until the early morning hours.",
        "Bayern (CSU) - so the slide on the wall - wants more money for its railways.",
        "United (MUFC) -- for which he played until May -- lost the match on Sunday.",
    )
    body = "\n\n".join(paragraphs)
    assert one("text", f"Talks go on\n\n{body}").body == body
    text = "Talks go on\n\nBERN (QWX) - The talks went on until the early morning.\n\n"
    again = "More talks\n\nGENF (QWX) - More talks went on until the late evening hours.\n"
    assert len(read("text", text + again).stories) == 2


@pytest.mark.parametrize(
    ("sent", "byline"), [("ByAna Example", "By Ana Example"), ("Byron Example", "Byron Example")]
)
def test_a_joined_byline(sent: str, byline: str) -> None:
    """A converter that drops the elements of a byline joins its words."""
    head = f"<body.head><hedline><hl1>Ferry</hl1></hedline><byline>{sent}</byline></body.head>"
    body = "<body.content><p>PERTH, Nov 30 AAP - It sank.</p></body.content>"
    text = f"<nitf><body>{head}{body}</body></nitf>"
    story = one("nitf", text)
    assert (story.byline, story.source) == (byline, "AAP")


def test_keywords_that_stand_in_one_text() -> None:
    """A sender without lists separates them by commas or semicolons."""
    item = {"type": "text", "uri": "u:1", "headline": "Ferry", "keywords": "ferry, pier; sea"}
    story = one("ninjs", json.dumps({**item, "body_text": "It sank."}))
    assert story.keywords == ("ferry", "pier", "sea")


@pytest.mark.parametrize(
    ("dateline", "place"),
    [
        ("МОСКВА. 30 ноября. ИНТЕРФАКС - ", "МОСКВА"),
        ("(서울=연합뉴스) 김아무개 기자 = ", "서울"),
    ],
)
def test_datelines_of_more_agencies(dateline: str, place: str) -> None:
    """Interfax signs behind the day, Yonhap in brackets with the place."""
    found = one("text", f"Ferry\n\n{dateline}Паром вернулся к причалу после долгого ремонта.\n")
    assert found.dateline is not None
    assert found.dateline.place == place


def test_a_line_of_a_time_or_of_version_words_is_no_headline() -> None:
    """A time above the text is the story's, and the keyword line's words may stand again."""
    story = one(
        "text",
        "BC-EU--Pier, Adv 06,300\nAdv 06\nPier is red\nNov 30, 2026 2:05 PM EST\n\n"
        "LISBON, Portugal (AP) - The pier has been painted red, officials said.\n",
    )
    assert (story.headline, story.summary) == ("Pier is red", None)
    assert story.version_created is not None
    assert f"{story.version_created:%d %H:%M}" == "30 19:05"
