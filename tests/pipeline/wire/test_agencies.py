"""Agencies' names: one table, and ids that do not change with it."""

from __future__ import annotations

import pytest

from connectors.formats import FORMATS, Context
from pipeline.enrich.folding import fold
from pipeline.wire.agencies import id_name, is_known, is_unmistakable, names, short_name


@pytest.mark.parametrize(
    ("signed", "short", "in_id"),
    [
        ("The Associated Press", "AP", "AP"),
        ("© 2024 Agence France-Presse. All rights reserved", "AFP", "AFP"),
        ("United Press International", "UPI", "United Press International"),
        ("Yonhap News Agency", "Yonhap", "Yonhap News Agency"),
        ("PA news agency", "PA", "PA news agency"),
        ("Harbour Post", "Harbour Post", "Harbour Post"),
        (None, None, None),
    ],
)
def test_a_name_that_was_added_does_not_change_ids(
    signed: str | None, short: str | None, in_id: str | None
) -> None:
    """An agency that the table learned has its short name as source, and its old name in ids."""
    assert short_name(signed) == short
    assert id_name(signed) == in_id


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        (
            "nitf",
            b"<nitf><head><docdata><doc-id regsrc='{0}' id-string='7'/></docdata></head><body>"
            b"<body.head><hedline><hl1>x</hl1></hedline></body.head></body></nitf>",
        ),
        ("ninjs", b'{"uri": "7", "headline": "x", "source": "{0}"}'),
        ("text", b"Headline: x\nId: 7\nSource: {0}\n\nA text of its own."),
        ("mail", b"From: a@b.example\nMessage-ID: <7>\n\nHeadline: x\nSource: {0}\n\nA text."),
        (
            "newsml_g2",
            b"<newsItem guid='7'><itemMeta><provider><name>{0}</name></provider></itemMeta>"
            b"<contentMeta><headline>x</headline></contentMeta></newsItem>",
        ),
        (
            "newsml12",
            b"<NewsML><NewsItem><Identification><NewsIdentifier><ProviderId>{0}</ProviderId>"
            b"<NewsItemId>7</NewsItemId></NewsIdentifier></Identification><NewsComponent>"
            b"<NewsLines><HeadLine>x</HeadLine></NewsLines></NewsComponent></NewsItem></NewsML>",
        ),
    ],
)
def test_a_kill_meets_what_was_indexed_before_its_agency_was_known(name: str, raw: bytes) -> None:
    """Every format keeps the id that it gave while the agency was unknown, and names it shortly."""
    (story,) = FORMATS[name](raw.replace(b"{0}", b"United Press International"), Context()).stories
    assert story.source == "UPI"
    assert story.id.startswith("United Press International:")


def test_every_name_of_an_agency_is_known() -> None:
    """A story by UPI speaks of UPI under any of its names."""
    assert {"upi", "united press international"} <= names("United Press International")
    assert all(is_known(name) for name in names("UPI"))
    assert names("Harbour Post") == {"harbour post"}
    assert fold("UPI") in {fold(name) for name in names("upi")}


@pytest.mark.parametrize(
    ("printed", "is_one"),
    [("AAP", True), ("Kyodo", True), ("KYODO", True), ("XINHUA", True), ("dpa", True),
     ("kyodo", False), ("ANA", False), ("PA", False), ("CP", False), (None, False)],
)  # fmt: skip
def test_some_names_are_an_agency_wherever_they_stand(printed: str | None, is_one: bool) -> None:
    """Names that are no place's are marked; in another letter case they may be a word."""
    assert is_unmistakable(printed) is is_one
    assert is_known(printed) or not is_one
