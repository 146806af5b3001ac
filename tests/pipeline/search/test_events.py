"""An event is told from its stories alone."""

from typing import Any

from pipeline.search.events import event, summary


def story(id: str, **fields: Any) -> dict[str, Any]:
    """A story as the index has it."""
    given = {"id": id, "status": "usable", "source": id.partition(":")[0], "headline": f"Of {id}"}
    return given | fields


def test_it_is_named_by_the_first_and_titled_by_the_newest_good_story() -> None:
    """A flash gives no title where there is another; an undated story names nothing."""
    told = summary(
        [
            story("dpa:1", received_at="2026-03-01T05:00:00Z"),
            story("ap:2", version_created="x", published_at="2026-03-01T07:00:00Z"),
            story("ap:1", version_created="x", published_at="2026-03-01T06:00:00Z"),
            story(
                "afp:1", version_created="x", published_at="2026-03-01T08:00:00Z", signal="flash"
            ),
        ]
    )
    assert told.id == "ap:1"
    assert (told.newest, told.headline) == ("ap:2", "Of ap:2")
    assert [(each.source, each.stories, each.behind_seconds) for each in told.sources] == [
        ("dpa", 1, 0),
        ("ap", 2, 3600),
        ("afp", 1, 10800),
    ]


def test_a_story_alone_is_an_event() -> None:
    """Also one without headline, time and source."""
    told = summary([{"id": "x", "status": "usable", "slugline": "BC-Fire"}])
    assert (told.id, told.headline, told.stories) == ("x", "BC-Fire", 1)
    assert told.sources[0].behind_seconds is None


def test_a_quote_is_told_once_by_the_first_who_has_it() -> None:
    """The same words in another story, or with another mark at their end, are no second quote."""
    speaker = [{"id": "person:h", "text": "Hallow"}]

    def said(id: str, at: str, body: str) -> dict[str, Any]:
        quote = {"start": 0, "end": len(body), "speaker": "person:h"}
        times = {"version_created": at, "published_at": at}
        return story(id, body=body, quotes=[quote], entities=speaker, **times)

    first = said("ap:1", "2026-03-01T06:00:00Z", "We shall build again")
    second = said("afp:1", "2026-03-01T07:00:00Z", "We shall build again.")
    told = event([first, second], [(1, second), (1, first)])
    assert [(quote.text, quote.source) for quote in told.quotes] == [("We shall build again", "ap")]
    assert [version.story for version in told.timeline] == ["afp:1", "ap:1"]
