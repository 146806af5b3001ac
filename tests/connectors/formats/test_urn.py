"""NewsML URNs and their revisions."""

from __future__ import annotations

import pytest

from connectors.formats.urn import parts, revision, without_revision


@pytest.mark.parametrize(
    ("identifier", "item", "number"),
    [
        ("urn:newsml:a.example:20190603:bsf153:1N", "urn:newsml:a.example:20190603:bsf153", 1),
        ("urn:newsml:a.example:20140829T135002Z:TX-1:12", None, 12),
        ("urn:newsml:a.example:20140829:one:two:3", "urn:newsml:a.example:20140829:one:two", 3),
        (
            "urn:newsml:a.example:20170131:101159380",
            "urn:newsml:a.example:20170131:101159380",
            None,
        ),
        ("tag:a.example,2011:x:5", "tag:a.example,2011:x:5", None),
    ],
)
def test_without_revision(identifier: str, item: str | None, number: int | None) -> None:
    """Only a NewsML URN of five parts and a revision loses it."""
    assert without_revision(identifier) == (item or identifier.rpartition(":")[0])
    assert revision(identifier) == number


def test_parts() -> None:
    """Provider, date and item id are told apart."""
    assert parts("urn:newsml:a.example:20190603:x1:1N") == ("a.example", "20190603", "x1")
    assert parts("guid-77") is None
