"""Who has events first, alone or late."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.index.fingerprint import fingerprint
from pipeline.search.race import Race, Row, Runner, percentile, race
from pipeline.search.reports import in_utc, period

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=1)
TEXT = (
    "The harbour of Valparaiso was closed on Monday after Captain Ruiz of the Coast Guard saw "
    "Three Whales near the Western Pier, said Mayor Ana Lopez of the Green Alliance in Santiago."
)


def row(name: str, event: str, minutes: float = 0, **fields: object) -> Row:
    source, _, _ = name.partition(":")
    at = BEGIN + timedelta(minutes=minutes)
    return Row(id=name, source=source.upper(), event=event, at=at, **fields)


ROWS = [
    row("ap:1", "ap:1", 0),
    row("afp:1", "ap:1", 10),
    row("dpa:1", "ap:1", 40),
    row("dpa:2", "ap:1", 50, signal="correction"),
    row("afp:2", "afp:2", 100),
    row("ap:2", "afp:2", 130),
    row("dpa:3", "dpa:3", 200, headline="Only dpa has it"),
    row("ap:3", "ap:old", 5),
]


def run(rows: list[Row] = ROWS, without: str | None = None, **kills: int) -> Race:
    return race(rows, kills, BEGIN, END, without=without)


def of(found: Race, source: str) -> Runner:
    return next(one for one in found.sources if one.source == source)


def test_first_alone_and_late() -> None:
    """Each source once an event; one that began before the period counts for nobody."""
    found = run()
    assert found.events == 3
    ap, afp, dpa = (of(found, name) for name in ("AP", "AFP", "DPA"))
    assert (ap.stories, ap.events, ap.first, ap.alone, ap.late) == (3, 2, 1, 0, 1)
    assert (afp.events, afp.first, afp.alone, afp.late) == (2, 1, 0, 1)
    assert (dpa.events, dpa.first, dpa.alone, dpa.late) == (2, 1, 1, 1)
    assert (dpa.late_p50_seconds, ap.late_p50_seconds) == (2400, 1800)


def test_corrections_and_kills_are_per_thousand() -> None:
    """Of all that the source sent, killed stories too; a source that has only kills is there."""
    found = run(DPA=1, KNA=2)
    assert of(found, "DPA").corrections_per_1000 == 250
    assert of(found, "DPA").kills_per_1000 == 250
    assert (of(found, "KNA").stories, of(found, "KNA").kills_per_1000) == (0, 1000)


def test_the_order_of_rows_does_not_matter() -> None:
    """Equal times are decided by the id."""
    rows = [row("b:1", "a:1", 0), row("a:1", "a:1", 0)]
    assert run(rows) == run(rows[::-1])
    assert of(run(rows), "A").first == 1
    assert of(run(rows), "B").late_p50_seconds == 0


def test_a_copy_repeats_an_earlier_story_of_another() -> None:
    """The first is no copy, an agency's own repetition is none, another's is."""
    print_of = fingerprint(TEXT)
    assert print_of
    rows = [
        row("ap:1", "ap:1", 0, fingerprint=print_of),
        row("ap:2", "ap:1", 1, fingerprint=print_of),
        row("kna:1", "ap:1", 2, fingerprint=print_of),
        row("kna:2", "ap:1", 3, fingerprint=fingerprint(TEXT.replace("e", "u"))),
    ]
    found = run(rows)
    assert (of(found, "AP").copies, of(found, "KNA").copies) == (0, 1)


def test_what_would_be_lost() -> None:
    """Events that nobody else had, and how much later the others were; in any case of the name."""
    loss = run(without="dpa").loss
    assert loss is not None
    assert [one.headline for one in loss.only_here] == ["Only dpa has it"]
    assert (loss.events, loss.later) == (1, 0)
    loss = run(without="AP").loss
    assert loss is not None
    assert (loss.events, loss.later, loss.later_p50_seconds) == (0, 1, 600)
    nobody = run(without="XYZ").loss
    assert nobody is not None
    assert (nobody.events, nobody.later, nobody.later_p50_seconds) == (0, 0, None)


def test_percentiles() -> None:
    """The value below which the share lies, and none of nothing."""
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0, 2.0], 0.95) == 2.0


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:01+00:00"])
def test_a_period_reaches_no_further_than_the_calendar(until: str) -> None:
    """Whatever its end, it begins on a day that there is."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    begin, end = period(None, in_utc(datetime.fromisoformat(until)), now, 7)
    assert begin < end <= now + timedelta(days=1)


def test_what_begins_before_the_calendar_begins_with_it() -> None:
    """The first day of the calendar in a zone east of UTC is no day of it in UTC."""
    begin = in_utc(datetime.fromisoformat("0001-01-01T00:00:00+14:00"))
    assert begin == datetime(1, 1, 1, tzinfo=UTC)
