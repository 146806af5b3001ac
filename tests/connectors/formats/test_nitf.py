"""NITF: what its golden fixtures do not show."""

from __future__ import annotations

from connectors.formats import Context, nitf
from pipeline.wire.story import Signal, Status

KILL = """<nitf><head><docdata management-status="canceled" management-doc-idref="{killed}"
management-idref-status="canceled"><doc-id regsrc="DW" id-string="k9"/></docdata></head>
<body/></nitf>"""
STORY = """<nitf><head><docdata><doc-id regsrc="DW" id-string="{id}"/></docdata></head><body>
<body.head><hedline><hl1>A headline</hl1></hedline>
<distributor>Somebody Else</distributor></body.head>
<body.content>{content}</body.content></body></nitf>"""


def test_a_kill_meets_the_story_that_it_names() -> None:
    """The kill carries the id of the killed story, and needs no text."""
    (story,) = nitf.parse(STORY.format(id="s1", content="<p>x</p>").encode(), Context()).stories
    (kill,) = nitf.parse(KILL.format(killed="s1").encode(), Context()).stories
    assert kill.id == story.id
    assert (kill.status, kill.signal) == (Status.WITHDRAWN, Signal.KILL)


def test_versions_of_a_newsml_urn_meet() -> None:
    """A doc-id that is a NewsML URN loses its revision, which becomes the version."""
    first, second = (
        nitf.parse(
            STORY.format(id=f"urn:newsml:a:20260101:b:{n}", content="<p>x</p>").encode(), Context()
        ).stories[0]
        for n in (1, 2)
    )
    assert first.id == second.id
    assert (first.version, second.version) == (1, 2)


def test_du_key_tells_stories_without_an_id_apart() -> None:
    """Without an id string the dynamic-use key and the day are the story's identity."""
    raw = """<nitf><head><docdata><doc-id regsrc="DW"/><du-key key="storm" version="{v}"/>
    <date.issue norm="20260101T0{v}0000Z"/></docdata></head><body><body.content><p>{v}</p>
    </body.content></body></nitf>"""
    ids = {nitf.parse(raw.format(v=v).encode(), Context()).stories[0].id for v in (1, 2)}
    assert ids == {"DW:20260101:storm"}


def test_a_caption_is_a_story_only_where_the_feed_asks() -> None:
    """A document that is only a picture is skipped, or read for its caption."""
    raw = STORY.format(
        id="m1", content="<media><media-caption><p>The pier.</p></media-caption></media>"
    ).encode()
    skipped = nitf.parse(raw, Context())
    assert (skipped.stories, len(skipped.skipped)) == ((), 1)
    asked = nitf.parse(raw, Context(captions=True))
    assert [story.body for story in asked.stories] == ["The pier."]


def test_withheld_is_withdrawn() -> None:
    """What must not be published until further notice is taken back without a kill's force."""
    raw = STORY.format(id="w1", content="<p>x</p>").replace(
        "<docdata>", '<docdata management-status="withheld">'
    )
    (story,) = nitf.parse(raw.encode(), Context()).stories
    assert (story.status, story.signal) == (Status.WITHDRAWN, Signal.WITHDRAW)


def test_a_kill_in_words_withdraws_too() -> None:
    """A message to editors that says KILL counts, whatever the status says."""
    raw = STORY.format(id="w2", content="<p>x</p>").replace(
        "<docdata>", '<docdata management-status="usable"><ed-msg info="KILL: it was not so."/>'
    )
    (story,) = nitf.parse(raw.encode(), Context()).stories
    assert (story.status, story.signal) == (Status.WITHDRAWN, Signal.KILL)
