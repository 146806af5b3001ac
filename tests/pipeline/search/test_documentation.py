"""docs/search.md says what the code does."""

import re
from datetime import timedelta
from pathlib import Path

from pipeline.search import query, syntax, words
from pipeline.search.facets import FACETS
from pipeline.search.request import SearchRequest

TEXT = (Path(__file__).parents[3] / "docs" / "search.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    """A section of the document."""
    return TEXT.partition(f"## {name}\n")[2].partition("\n## ")[0]


def test_fields_are_documented() -> None:
    """Each field and each of its other names stands in the table, and no other."""
    rows = re.findall(r"^\| (\w+) \|(.*)\|$", section("Fields"), re.M)
    documented = {
        typed: field
        for field, others in rows
        if field != "Field"
        for typed in [field, *re.findall(r"\w+", others)]
    }
    assert documented == {**syntax.FIELDS}


def test_scoring_is_documented() -> None:
    """The weights, the floor and the times are the code's."""
    text = " ".join(section("Scoring").split())
    weights = {
        name: float(weight)
        for name, weight in re.findall(
            r"(headline|dateline|slugline|summary|body|byline) ([\d.]+\d|\d)", text
        )
    }
    names = ("headline", "dateline", "slugline", "summary", "body", "byline")
    assert weights == {name: getattr(words, f"{name.upper()}_BOOST") for name in names}
    assert f"{query.RECENCY_FLOOR} + recency" in text
    assert f"{query.FRESH_FOR // timedelta(hours=1)} hours" in text
    assert f"{query.HALF_LIFE // timedelta(days=1)} days" in text


def test_filters_are_documented() -> None:
    """Each parameter of a search that is not a facet stands among the filters."""
    assert SearchRequest.model_fields.keys() - {"q"} - FACETS.keys() <= set(
        re.findall(r"`(\w+)[=`]", section("Filters"))
    )


def test_facets_are_documented() -> None:
    """Each facet's name, field and values stand in the table, and no other."""
    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| (.+) \|$", section("Facets"), re.M)
    assert rows == [(facet.name, facet.field, facet.help) for facet in FACETS.values()]
