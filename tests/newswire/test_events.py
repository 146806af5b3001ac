"""`newswire events`, as a user runs it."""

import json

import pytest
from typer.testing import CliRunner, Result

from newswire.__main__ import app

FIRE = "Fire destroys the Kessandra mill in Lower Tarn, owner Piet Hallow says"
AGAIN = "Lower Tarn: Kessandra mill burns, Piet Hallow vows to rebuild"
OTHER = "Chipmaker Ondulex names Sarita Voss chief executive in Bremerton"


def run(*lines: object) -> Result:
    """Runs the command on lines: bytes as they are, anything else as JSON."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return CliRunner().invoke(app, ["events"], input=b"\n".join(raw))


def answers(result: Result) -> list[tuple[str, str]]:
    """Returns the ids and events that were printed."""
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(set(line) == {"id", "event"} for line in lines)
    return [(line["id"], line["event"]) for line in lines]


def test_one_line_for_each_id_in_the_order_of_first_appearance() -> None:
    """The last of equal ids counts, and a story alone names itself."""
    result = run(
        {"id": "c", "text": OTHER},
        {"id": "b", "text": AGAIN, "published_at": "2026-03-01T09:00:00+02:00"},
        {"id": "a", "text": FIRE, "published_at": "2026-03-01T07:30:00Z", "source": "AP"},
        {"id": "c", "text": FIRE, "published_at": None, "headline": None, "new key": {"x": [1]}},
        {"id": "d", "text": OTHER, "headline": "Voss"},
    )
    assert result.exit_code == 0
    assert answers(result) == [("c", "b"), ("b", "b"), ("a", "b"), ("d", "d")]
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{", "JSON"),
        (b'{"id": "x", "text": "\xff"}', "JSON"),
        (b'["x"]', "object"),
        ({"text": "no id"}, "id"),
        ({"id": "", "text": "empty id"}, "id"),
        ({"id": 7, "text": "id is a number"}, "id"),
        ({"id": "x"}, "text"),
        ({"id": "x", "text": None}, "text"),
        ({"id": "x", "text": ["y"]}, "text"),
        ({"id": "x", "text": "y", "headline": 1}, "headline"),
        ({"id": "x", "text": "y", "published_at": "soon"}, "published_at"),
        ({"id": "x", "text": "y", "published_at": 1772351400}, "published_at"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_answered(bad: object, reason: str) -> None:
    """The line's number and what is wrong with it on standard error, and exit code 1."""
    result = run({"id": "a", "text": FIRE}, b"", bad, {"id": "b", "text": AGAIN})
    assert result.exit_code == 1
    assert answers(result) == [("a", "a"), ("b", "a")]
    assert result.stderr.startswith("line 3: ")
    assert reason in result.stderr


@pytest.mark.parametrize(
    "earlier",
    [
        "2026-03-01",
        "2026-03-01T08:59",
        "2026-03-01 08:59:59.999999Z",
        "20260301T085959Z",
        "2026-03-01T10:59:00+02:00",
        "2026-02-28T22:00:00-05:00",
        "Sun, 01 Mar 2026 09:59:00 +0100",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_dates_are_compared_as_instants(earlier: str) -> None:
    """Zones count, a time without one is in UTC, and a day alone is its first second."""
    result = run(
        {"id": "a", "text": FIRE, "published_at": "2026-03-01T09:00:00Z"},
        {"id": "b", "text": AGAIN, "published_at": earlier},
    )
    assert answers(result) == [("a", "b"), ("b", "b")]
    assert result.exit_code == 0


@pytest.mark.parametrize("date", [None, "", " "])
def test_a_missing_date_is_last(date: str | None) -> None:
    """An undated story never names an event that has a dated one."""
    result = run(
        {"id": "a", "text": FIRE, "published_at": date},
        {"id": "b", "text": AGAIN, "published_at": "9999-12-31T23:59:59Z"},
    )
    assert answers(result) == [("a", "b"), ("b", "b")]


def test_nothing_in_nothing_out() -> None:
    """Empty input is no failure."""
    result = run()
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
