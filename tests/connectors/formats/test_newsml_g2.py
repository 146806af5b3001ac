"""NewsML-G2: what its golden fixtures do not show."""

from __future__ import annotations

import pytest

from connectors.formats import Context, newsml_g2
from pipeline.wire.story import Status, Story

ITEM = """<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="tag:a:1" {attributes}>
<itemMeta><itemClass qcode="ninat:{kind}"/><provider literal="Demo"/>{meta}</itemMeta>
<contentMeta><headline>H</headline>{content}</contentMeta><contentSet>{inside}</contentSet></newsItem>"""
XHTML = "<inlineXML><html><body>{}</body></html></inlineXML>"


def item(**changed: str) -> bytes:
    sent = {"attributes": 'version="1"', "kind": "text", "meta": "", "content": ""}
    return ITEM.format(**{**sent, "inside": XHTML.format("<p>Text.</p>"), **changed}).encode()


def one(**changed: str) -> Story:
    (story,) = newsml_g2.parse(item(**changed), Context()).stories
    return story


@pytest.mark.parametrize("sent", ["", 'version="2.1"', 'version="11111111111111111111"'])
def test_a_version_that_is_no_number_is_none(sent: str) -> None:
    """It may follow a numbered one, so it counts by its time, and not as the standard's 1."""
    assert one(attributes=sent).version is None


def test_a_cancel_needs_no_content() -> None:
    """A canceled item without a text is the same story, withdrawn."""
    cancel = one(meta='<pubStatus qcode="stat:canceled"/>', inside="", attributes='version="2"')
    assert (cancel.id, cancel.status, cancel.body) == (one().id, Status.WITHDRAWN, "")


def test_an_empty_embargo_holds_until_further_notice() -> None:
    """An embargo without a time is an embargo without an end."""
    story = one(meta="<embargoed/>")
    assert (story.status, story.embargoed_until) == (Status.EMBARGOED, None)


def test_remote_text_is_read_where_it_was_fetched() -> None:
    """A text that stands elsewhere is skipped, or read from what the source has fetched."""
    raw = item(inside='<remoteContent href="http://a/b.xml" contenttype="text/xml"/>')
    assert newsml_g2.parse(raw, Context()).skipped
    linked = {
        "http://a/b.xml": b"<nitf><body><body.content><p>Far.</p></body.content></body></nitf>"
    }
    (story,) = newsml_g2.parse(raw, Context(linked=linked)).stories
    assert story.body == "Far."


def test_preformatted_results_keep_their_lines() -> None:
    """A body of bare text is not run together."""
    story = one(inside=XHTML.format("Results\nRovers 2 United 1\nCity 0 Town 0"))
    assert story.body == "Results\nRovers 2 United 1\nCity 0 Town 0"


def test_a_caption_is_a_story_only_where_the_feed_asks() -> None:
    """A picture is skipped, or read for its caption."""
    raw = item(kind="picture", content='<description role="drol:caption">Pier.</description>')
    assert newsml_g2.parse(raw, Context()).stories == ()
    (story,) = newsml_g2.parse(raw, Context(captions=True)).stories
    assert story.body == "Pier."


def test_an_assert_that_names_itself_is_no_loop() -> None:
    """Concepts that point at each other are read once."""
    content = '<subject type="cpnat:geoArea" qcode="a:1"/>'
    raw = item(content=content).replace(
        b"<contentSet>",
        b'<assert qcode="a:1"><name>A</name><broader qcode="a:1" type="cptype:country"/></assert>'
        b"<contentSet>",
    )
    (story,) = newsml_g2.parse(raw, Context()).stories
    assert [place.name for place in story.located] == ["A"]


def test_a_kill_signal_withdraws() -> None:
    """A signal that takes the item back counts, whatever the status says."""
    killed = one(meta='<pubStatus qcode="stat:usable"/><signal qcode="sig:kill"/>')
    assert (killed.status, killed.signal_sent) == (Status.WITHDRAWN, "sig:kill")
