"""Which hits of a listing stand behind which."""

from datetime import UTC, datetime
from typing import Any

from pipeline.index.fingerprint import as_fields, fingerprint
from pipeline.search.duplicates import candidates, leaders, standing
from pipeline.search.query import body
from pipeline.search.request import SearchRequest
from tests.evaluation.entities.annotation import stories

BODIES = [annotated.story.body for annotated in stories()]


def hit(name: str, text: str) -> dict[str, Any]:
    """A hit with the fingerprint of a text."""
    found = fingerprint(text)
    return {"_id": name, "_source": {"fingerprint": as_fields(found)} if found else {}}


def test_the_first_of_a_listing_leads() -> None:
    """Each near-duplicate stands behind the first one that it is near to, others by themselves."""
    cut = BODIES[0][: len(BODIES[0]) * 2 // 3]
    listed = [hit("a", cut), hit("b", BODIES[1]), hit("c", BODIES[0]), hit("d", "Short.")]
    assert leaders(listed) == {"a": "a", "b": "b", "c": "a", "d": "d"}
    assert leaders(listed[::-1]) == {"c": "c", "a": "c", "b": "b", "d": "d"}


def test_a_chain_has_one_leader() -> None:
    """What is near to something that stands behind a third stands behind the third."""
    first, second, third = BODIES[:3]
    listed = [hit("a", first), hit("b", f"{first}\n\n{second}"), hit("c", second), hit("d", third)]
    assert leaders(listed) == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_a_page_knows_what_is_on_others() -> None:
    """A hit is out where its leader is on an earlier page; one on a later page is told of."""
    listed = [hit("a", BODIES[0]), hit("b", BODIES[1]), hit("c", BODIES[0]), hit("d", BODIES[1])]
    found = standing(listed[1:3], listed)
    assert list(found) == ["b"]
    assert [each["_id"] for each in found["b"]] == ["d"]


def test_candidates_are_looked_for_in_the_same_listing() -> None:
    """The search for candidates keeps query, filters and order, and asks for shared bands."""
    asked = body(SearchRequest(q="truce", source=("AP",), collapse=True), datetime.now(UTC))
    hits = [hit("a", BODIES[0]), hit("b", "Short.")]
    found = candidates(asked, hits)
    assert found is not None
    assert found["query"]["bool"]["must"] == [asked["query"]]
    assert (found["sort"], found["post_filter"]) == (asked["sort"], asked["post_filter"])
    [clause] = found["query"]["bool"]["filter"]
    assert clause["terms"]["fingerprint.bands"] == sorted(
        hits[0]["_source"]["fingerprint"]["bands"]
    )
    assert candidates(asked, hits[1:]) is None
