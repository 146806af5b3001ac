"""NewsML 1.x: what its golden fixtures do not show."""

from __future__ import annotations

import pytest

from connectors.formats import Context, newsml12
from pipeline.wire.story import Status

ITEM = """<NewsML><NewsItem><Identification><NewsIdentifier><ProviderId>{provider}</ProviderId>
<DateId>{day}</DateId><NewsItemId>{item}</NewsItemId><RevisionId>{revision}</RevisionId>{public}
</NewsIdentifier></Identification><NewsManagement><Status FormalName="{status}"/></NewsManagement>
{component}</NewsItem></NewsML>"""
TEXT = """<NewsComponent><ContentItem><DataContent><p>Text.</p></DataContent></ContentItem>
</NewsComponent>"""


def item(**changed: str) -> bytes:
    sent = {
        "provider": "demo.example", "day": "20260101", "item": "x1", "revision": "1",
        "public": "", "status": "Usable", "component": TEXT,
    }  # fmt: skip
    sent.update(changed)
    if sent["public"]:
        sent["public"] = f"<PublicIdentifier>{sent['public']}</PublicIdentifier>"
    return ITEM.format(**sent).encode()


def read(**changed: str) -> tuple[str, int | None]:
    (story,) = newsml12.parse(item(**changed), Context()).stories
    return story.id, story.version


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"public": "urn:newsml:demo.example:20260101:x1:1N"},
         {"public": "urn:newsml:demo.example:20260101:x1:2N", "revision": "2"}),
        ({}, {"public": "urn:newsml:demo.example:20260101:x1:2", "revision": "2"}),
        ({"item": "x1-v1", "public": "urn:newsml:demo.example:20260101:x1:1"},
         {"item": "x1-v2", "public": "urn:newsml:demo.example:20260101:x1:2", "revision": "2"}),
        ({"day": "20260101T080000Z"}, {"day": "20260101T093000Z", "revision": "2"}),
        ({"public": "always-the-same"}, {"public": "always-the-same", "revision": "2"}),
        ({}, {"status": "Canceled", "component": "", "revision": "2"}),
    ],
)  # fmt: skip
def test_versions_meet(first: dict[str, str], second: dict[str, str]) -> None:
    """The revisions of an item share one id, however their identifiers are written."""
    (one, version), (two, next_version) = read(**first), read(**second)
    assert one == two
    assert (version, next_version) == (1, 2)


def test_a_revision_that_is_no_number_is_none() -> None:
    """ "2.1" is a version of the same story, and not its second: its time orders it."""
    odd = "urn:newsml:demo.example:20260101:x1:2.1"
    assert read(public=odd, revision="2.1") == (read()[0], None)


@pytest.mark.parametrize(
    "other",
    [
        {"item": "x2"},
        {"day": "20260102"},
        {"item": "x2", "public": "always-the-same"},
    ],
)
def test_other_items_stay_apart(other: dict[str, str]) -> None:
    """Another item id, or the same one on another day, is another story."""
    assert read(public=other.get("public", ""))[0] != read(**other)[0]


def test_equivalents_are_one_story() -> None:
    """The members of an equivalents list say the same: the first with a text is the story."""
    component = f'<NewsComponent EquivalentsList="yes">{TEXT}{TEXT}</NewsComponent>'
    assert len(newsml12.parse(item(component=component), Context()).stories) == 1


def test_a_caption_is_a_story_only_where_the_feed_asks() -> None:
    """A photo with a caption is skipped, or read for it."""
    component = """<NewsComponent><NewsLines><HeadLine>Pier</HeadLine></NewsLines>
    <ContentItem Href="p.jpg"><MediaType FormalName="Photo"/></ContentItem><NewsComponent>
    <Role FormalName="Caption"/><ContentItem><DataContent>The pier.</DataContent></ContentItem>
    </NewsComponent></NewsComponent>"""
    assert newsml12.parse(item(component=component), Context()).stories == ()
    asked = newsml12.parse(item(component=component), Context(captions=True)).stories
    assert [story.body for story in asked] == ["The pier."]


def test_an_unknown_status_holds() -> None:
    """A status in no table is kept as sent and holds the story, unless the feed explains it."""
    (story,) = newsml12.parse(item(status="Odd"), Context()).stories
    assert (story.status, story.status_sent) == (Status.EMBARGOED, "Odd")
    context = Context(status_words={"odd": Status.USABLE})
    (story,) = newsml12.parse(item(status="Odd"), context).stories
    assert (story.status, story.status_sent) == (Status.USABLE, "Odd")


def test_a_misspelt_element_is_read() -> None:
    """EFE's DescriptiveMetada holds what DescriptiveMetadata would."""
    component = TEXT.replace(
        "<ContentItem>",
        '<DescriptiveMetada><Language FormalName="es"/></DescriptiveMetada><ContentItem>',
    )
    (story,) = newsml12.parse(item(component=component), Context()).stories
    assert story.language == "es"
