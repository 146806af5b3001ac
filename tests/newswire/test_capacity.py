"""`newswire capacity`: arithmetic from one file of measured costs, which its page repeats."""

from __future__ import annotations

import json
import math

import pytest
from typer.testing import CliRunner

from newswire.__main__ import app
from newswire.capacity import Load, Measured, measured, month, price
from tools import capacity

COST = Measured(
    "today",
    {"nlp": 90.0, "elasticsearch": 10.0},
    {"stories": 1000.0, "enriched": 2000.0, "index": 30_000.0, "history": 10_000.0},
    {"alone": 10.0, "crowd": 1.0, "idle_minute": 60.0},
)


def test_a_month_by_hand() -> None:
    """Each amount is what a person reckons from the same costs."""
    what = month(COST, Load(stories_per_day=1000, retain_days=100, workers=1))
    assert what.work_core_hours == {"nlp": 0.75, "elasticsearch": pytest.approx(1 / 6)}
    assert (what.cores, what.core_hours) == (2, 1440)
    assert what.gigabyte_months == {
        "stories": pytest.approx(0.021),
        "enriched": pytest.approx(0.6),
        "index": pytest.approx(6.0),
        "history": pytest.approx(2.0),
    }
    assert what.requests == 30_000 * 10 + 60 * 60 * 720
    assert price(what, 0.05, 0.1, 2.0) == pytest.approx(72 + 0.8621 + 5.784)


def test_cores_for_the_busiest_minute() -> None:
    """More stories need more cores than the least, rounded up."""
    load = Load(stories_per_day=864_000, peak=10)
    assert month(COST, load).cores == math.ceil(10 * 10 * 0.11)


def test_the_command_reckons_with_the_readers_prices() -> None:
    """Amounts and price come as JSON and as a table with the formula."""
    words = ["capacity", "--stories-per-day", "6000", "--price-core-hour", "0.04"]
    told = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert told["price"] == pytest.approx(told["month"]["core_hours"] * 0.04)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert f"= {told['price']:,.2f}" in done.output


def test_costs_and_page_are_those_of_the_benchmark() -> None:
    """Where one differs, `python -m tools.capacity` was not run."""
    document = capacity.PERFORMANCE.read_text(encoding="utf-8")
    text = capacity.PAGE.read_text(encoding="utf-8")
    assert capacity.COSTS.read_text(encoding="utf-8") == capacity.costs(document, text)
    assert text == capacity.page(text, measured())
