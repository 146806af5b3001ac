"""The order of a story's versions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.wire.story import Clock, Link, Status, Story
from pipeline.wire.versions import (
    Held,
    blank,
    index_version,
    is_newer,
    rank,
    wire_number,
)
from tests.records import last_of
from tests.strategies import stories

LONG_MAX = 2**63 - 1
any_instants = st.datetimes(datetime.min, datetime.max, timezones=st.just(UTC))


@given(story=stories, at=any_instants, version=st.none() | st.integers(), killed=st.booleans())
@example(Story(id="a"), datetime.max.replace(tzinfo=UTC), None, True)
@settings(max_examples=200)
def test_every_version_fits_an_external_version(
    story: Story, at: datetime, version: int | None, killed: bool
) -> None:
    """Whatever the wire says of version and time, the number is a positive 64-bit integer."""
    status = Status.WITHDRAWN if killed else Status.USABLE
    story = Story(id=story.id, status=status, version=version, version_created=at)
    assert 0 <= index_version(story, 0) < index_version(story, 999) <= LONG_MAX


@given(version=st.integers(0, 99_998), at=any_instants, later=any_instants)
def test_a_wire_version_outranks_every_time(version: int, at: datetime, later: datetime) -> None:
    """Among the ranks of a story's versions those of numbers are above those of times."""
    timed = Story(id="a", version_created=later)
    numbered = Story(id="a", version=version, version_created=at)
    assert rank(numbered) > rank(timed)


@given(version=st.integers(0, 99_998), at=any_instants)
def test_a_kill_outranks_the_version_that_it_names(version: int, at: datetime) -> None:
    """A kill comes after the version it names and before a later release."""
    kill = Story(id="a", version=version, status=Status.WITHDRAWN)
    assert rank(Story(id="a", version=version, version_created=at)) < rank(kill)
    assert rank(kill) < rank(Story(id="a", version=version + 1))


@given(version=st.none() | st.integers(0, 99_999), at=any_instants, killed_at=any_instants)
def test_a_kill_without_a_version_outranks_all(
    version: int | None, at: datetime, killed_at: datetime
) -> None:
    """A kill that names no version is the last word, whenever it was sent."""
    kill = Story(id="a", status=Status.WITHDRAWN, version_created=killed_at)
    assert rank(kill) > rank(Story(id="a", version=version, version_created=at))


def test_the_time_is_the_clock_where_there_is_no_version() -> None:
    """Of two times the later is newer; the time of the version counts before the first one."""
    first = datetime(2024, 5, 1, tzinfo=UTC)
    early = Story(id="a", first_created=first, version_created=first)
    late = Story(id="a", first_created=first, version_created=first + timedelta(milliseconds=1))
    assert rank(early) == rank(Story(id="a", first_created=first)) < rank(late)


@given(
    date=st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    late=st.floats(1, 10**7),
    later=st.floats(0.02, 10**3),
    ahead=st.integers(1, 80_000),
)
def test_an_item_of_a_feed_edited_under_its_date(
    date: datetime, late: float, later: float, ahead: int
) -> None:
    """Of texts under one date the one received clearly later is newer; a later date is newest."""

    def item(of: datetime, seconds: float) -> int:
        at = date + timedelta(seconds=seconds)
        return rank(Story(id="a", clock=Clock.RECEIPT, version_created=of, received_at=at))

    edited = (late + 30) * (1 + later)
    assert item(date, late) < item(date, edited)
    assert item(date, edited) < item(date + timedelta(seconds=ahead), 0)


def test_two_receipts_of_a_wire_are_one_version() -> None:
    """A wire story that comes again is the same version, however much later."""
    date = datetime(2024, 5, 1, 10, tzinfo=UTC)
    first, second = (
        Story(
            id="a", clock=Clock.VERSION, version_created=date, received_at=date + timedelta(hours=n)
        )
        for n in (0, 1)
    )
    assert rank(first) == rank(second)


def test_an_unnumbered_correction_follows_the_lead_it_corrects() -> None:
    """Where only leads are numbered the time counts, and in one minute the lead number."""
    at = datetime(2024, 5, 1, 10, 7, tzinfo=UTC)
    wire = Story(id="a", clock=Clock.TRANSMISSION, version_created=at)
    lead = replace(wire, version=1)
    correction = replace(wire, version_created=at + timedelta(minutes=1))
    kill = replace(lead, status=Status.WITHDRAWN)
    assert rank(wire) < rank(lead) < rank(correction) < rank(kill)


@pytest.mark.parametrize(
    ("name", "clock"),
    [
        ("anpa1312", Clock.TRANSMISSION),
        ("iptc7901", Clock.TRANSMISSION),
        ("text", Clock.TRANSMISSION),
        ("mail", Clock.TRANSMISSION),
        ("rss", Clock.RECEIPT),
        ("nitf", Clock.VERSION),
        (None, Clock.VERSION),
    ],
)
@given(story=stories)
@settings(deadline=None)
def test_a_record_without_a_clock_ranks_by_its_format(
    name: str | None, clock: Clock, story: Story
) -> None:
    """Records from before stories carried a clock keep their rank beside newer ones."""
    old = replace(story, format=name, clock=None)
    assert rank(old) == rank(replace(old, clock=clock))


def test_a_clock_does_not_depend_on_the_format_s_name() -> None:
    """A correction under an unchanged date is newer in any format whose clock says so."""
    at = datetime(2024, 5, 1, tzinfo=UTC)
    first = Story(id="a", format="new", clock=Clock.RECEIPT, version_created=at, received_at=at)
    assert rank(first) < rank(replace(first, received_at=at + timedelta(hours=1)))


@pytest.mark.parametrize("number", [-1, 100_000, 20240501, 20240501120000000000])
def test_an_impossible_version_is_not_a_clock(number: int) -> None:
    """A number that no story counts to, such as a date or a time stamp, is passed over."""
    at = datetime(2024, 5, 1, tzinfo=UTC)
    stamp = Story(id="a", version=number, version_created=at)
    assert rank(stamp) == rank(Story(id="a", version_created=at))


@given(story=stories, revision=st.integers(0, 998))
def test_a_revision_wins_within_its_version_alone(story: Story, revision: int) -> None:
    """The same version enriched again is newer; the next version is newer than any revision."""
    now = index_version(story, revision)
    assert is_newer(story, revision + 1, Held(now))
    assert not is_newer(story, revision, Held(now))
    numbered = Story(id="a", version=1)
    assert is_newer(Story(id="a", version=2), 0, Held(index_version(numbered, 999)))


@pytest.mark.parametrize("revision", [-1, 1000])
def test_a_revision_out_of_range_is_refused(revision: int) -> None:
    """A revision that would spill into the version's digits raises."""
    with pytest.raises(ValueError, match="0 to 999"):
        index_version(Story(id="a", version=1), revision)


@given(story=stories)
def test_blank_keeps_the_notice_and_none_of_the_story(story: Story) -> None:
    """Of a withdrawn story only what identifies it and explains the withdrawal stays."""
    kept = blank(story)
    assert (kept.body, kept.headline, kept.byline, kept.summary) == ("", None, None, None)
    assert (kept.dateline, kept.subjects, kept.keywords, kept.located) == (None, (), (), ())
    assert (kept.id, kept.ednote, kept.slugline) == (story.id, story.ednote, story.slugline)
    assert rank(kept) == rank(story)


def test_blank_keeps_what_the_kill_replaces() -> None:
    """A killed story's links go, but for the one that says what it replaces."""
    links = (Link(href="urn:1", rel="replaces"), Link(href="https://example.org/story"))
    assert blank(Story(id="a", links=links)).links == links[:1]


@given(
    version=st.none() | st.integers(0, 99_999),
    at=any_instants,
    until=st.none() | any_instants,
)
def test_an_embargo_lifted_under_the_same_number_is_lifted(
    version: int | None, at: datetime, until: datetime | None
) -> None:
    """The usable one is the newer, in whichever order they come; a kill is newer than both."""
    usable = Story(id="a", version=version, version_created=at)
    held = replace(usable, status=Status.EMBARGOED, embargoed_until=until)
    kill = replace(usable, status=Status.WITHDRAWN)
    assert rank(held) < rank(usable) < rank(kill)


@given(
    version=st.integers(0, 99_999),
    until=any_instants,
    received=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
)
def test_of_equal_versions_of_equal_restriction_none_is_newer(
    version: int, until: datetime, received: datetime
) -> None:
    """The first stays: a later receipt of the same is the same version."""
    first = Story(id="a", version=version, embargoed_until=until, received_at=received)
    again = replace(first, received_at=received + timedelta(hours=1))
    assert rank(first) == rank(again)
    assert not is_newer(again, 1, Held(index_version(first, 1)))


@given(
    ahead=st.integers(2, 300_000),
    received=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    minutes=st.integers(1, 10**4),
)
def test_a_date_in_the_future_does_not_hide_its_correction(
    ahead: int, received: datetime, minutes: int
) -> None:
    """A version that is dated years after its receipt is older than one with a right date."""
    mistyped = Story(id="a", version_created=received + timedelta(days=ahead), received_at=received)
    later = received + timedelta(minutes=minutes)
    correction = Story(id="a", version_created=later, received_at=later)
    assert rank(mistyped) < rank(correction)
    cleared = replace(correction, status=Status.WITHDRAWN)
    assert rank(replace(mistyped, status=Status.WITHDRAWN)) < rank(cleared)


@given(
    ahead=st.integers(2, 90_000),  # until 2266: times after 2286 are equal
    received=st.datetimes(datetime(2000, 1, 1), datetime(2020, 1, 1), timezones=st.just(UTC)),
    late=st.integers(0, 100),
)
def test_a_clock_that_is_years_ahead_keeps_its_order(
    ahead: int, received: datetime, late: int
) -> None:
    """Of two versions of such an agency the later dated is newer, in whichever order they come."""
    first = Story(id="a", version_created=received + timedelta(days=ahead), received_at=received)
    second = replace(first, version_created=received + timedelta(days=ahead, seconds=1))
    again = replace(first, received_at=received + timedelta(minutes=late))
    assert rank(again) < rank(second)


def test_a_date_a_little_ahead_is_the_agency_s_own() -> None:
    """Clocks and zones differ: within a day the date counts, not the receipt."""
    received = datetime(2024, 5, 1, 12, tzinfo=UTC)
    ahead = Story(id="a", version_created=received + timedelta(hours=20), received_at=received)
    assert rank(ahead) == rank(replace(ahead, received_at=None))


START = datetime(2024, 5, 1, 12, tzinfo=UTC)
ODD = st.sampled_from([None, -1, 20240501, 11111111111111111111])
"""What formats give for a missing number, and for values that are none."""


@st.composite
def wires(draw: st.DrawFn) -> list[Story]:
    """Returns versions of a story as they were sent, some without a usable number.

    Numbers and dates agree; numbers are repeated under a lifted embargo and by a kill.
    """
    sent: list[Story] = []
    number = draw(st.integers(0, 3))
    slot = -1  # how far this number has come: under an embargo, usable, killed
    for minute in range(draw(st.integers(1, 5))):
        at = START + timedelta(minutes=minute)
        version = Story(id="a", version_created=at, received_at=at + timedelta(seconds=9))
        match draw(st.sampled_from(["next", "next", "odd", "odd", "freed", "killed", "unnamed"])):
            case "next":
                slot = 0
                number += draw(st.integers(1, 12))
                sent.append(replace(version, version=number, status=Status.EMBARGOED))
            case "odd":
                sent.append(replace(version, version=draw(ODD)))
            case "freed" if slot < 1:
                slot = 1
                sent.append(replace(version, version=number))
            case "killed" if slot < 2:
                slot = 2
                sent.append(replace(version, version=number, status=Status.WITHDRAWN))
            case "unnamed":
                sent.append(replace(version, version=draw(ODD), status=Status.WITHDRAWN))
    return sent or [replace(version, version=number)]


@given(data=st.data(), sent=wires())
@settings(max_examples=400)
def test_no_odd_number_hides_a_version_in_any_order(data: st.DataObject, sent: list[Story]) -> None:
    """What was sent last is left, repeated or not; but for a kill of all versions."""
    kills = [s for s in sent if s.status is Status.WITHDRAWN and wire_number(s) is None]
    repeated = data.draw(st.permutations(sent + data.draw(st.lists(st.sampled_from(sent)))))
    assert last_of(repeated) == (kills or sent)[-1]


@pytest.mark.parametrize("odd", [None, 11111111111111111111])
def test_of_versions_without_dates_the_last_received_is_left(odd: int | None) -> None:
    """An odd number among numbers, with no date anywhere, counts by its receipt."""
    versions = [
        Story(id="a", version=number, received_at=START + timedelta(minutes=n))
        for n, number in enumerate((1, odd, 2))
    ]
    assert [last_of(versions[:n]) for n in (1, 2, 3)] == versions
    assert last_of([versions[2], versions[1], versions[0]]) == versions[2]


def test_a_number_decides_whatever_the_dates_say() -> None:
    """A second version that is dated before the first is the newer all the same."""
    first = Story(id="a", version=1, version_created=START)
    second = Story(id="a", version=2, version_created=START - timedelta(days=1))
    assert last_of([first, second]) == last_of([second, first]) == second


def test_a_mistyped_date_and_number_hide_no_correction() -> None:
    """Without a number and dated in 2099, a version is older than one with number and date."""
    wrong = Story(id="a", version_created=datetime(2099, 1, 1, tzinfo=UTC), received_at=START)
    later = START + timedelta(minutes=1)
    right = Story(id="a", version=2, version_created=later, received_at=later)
    assert last_of([wrong, right]) == last_of([right, wrong]) == right
