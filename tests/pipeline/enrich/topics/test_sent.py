"""Topics from the codes, categories and slugs that wires send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.enrich.topics.codes import BELOW, TOP, numbered
from pipeline.enrich.topics.sent import sent_topics
from pipeline.wire.story import Story, Subject
from tools.topics import table

SPORT, ECONOMY, POLITICS = "15000000", "04000000", "11000000"


def codes(**fields: Any) -> list[str]:
    return [topic.code for topic in sent_topics(Story(id="s", **fields))]


@pytest.mark.parametrize(
    ("code", "scheme", "found"),
    [
        ("15000000", "medtop", [SPORT]),
        ("20000822", "medtop", [SPORT, "20000822"]),
        ("20000845", "medtop", [SPORT]),
        ("20001148", "medtop", [SPORT, "20001148"]),
        ("20009999", "medtop", []),
        ("15054000", "subj", [SPORT, "15054000"]),
        ("04011002", "iptc_subject_code", [ECONOMY, "04011000"]),
        ("04000000", None, [ECONOMY]),
        ("11000000", "IPTC", [POLITICS]),
        ("99001000", "subj", []),
        ("15054000", "geo", []),
        ("SPO", None, [SPORT]),
        ("0401", "subj", []),
    ],
)
def test_subjects(code: str, scheme: str | None, found: list[str]) -> None:
    """Media topics, subject codes and abbreviations give their topic, as deep as they say it."""
    assert codes(subjects=(Subject(code=code, scheme=scheme),)) == found


@pytest.mark.parametrize(
    ("categories", "of", "found"),
    [
        (("s",), "anpa1312", [SPORT]),
        (("f",), "ap_media", [ECONOMY]),
        (("a", "i", "n", "v"), "anpa1312", []),
        (("wi",), "iptc7901", [ECONOMY]),
        (("s",), "rss", []),
        (("ECO",), "nitf", [ECONOMY]),
        (("Wirtschaft",), "rss", [ECONOMY]),
        (("Deportes", "Política"), "rss", [POLITICS, SPORT]),
        (("A name of its own",), "rss", []),
    ],
)
def test_categories(categories: tuple[str, ...], of: str, found: list[str]) -> None:
    """One letter counts where wires use letters, words in the languages of desks."""
    assert sorted(codes(categories=categories, format=of)) == found


@pytest.mark.parametrize(
    ("slugline", "found"),
    [
        ("BC-BKN--Heat-Hawks", [SPORT]),
        ("SOCCER-ENGLAND/CHELSEA", [SPORT]),
        ("1 POLITICS Brexit", [POLITICS]),
        ("American Football/NFL", [SPORT]),
        ("BC-EU--Pier", []),
        ("Sport of kings", []),
        ("ferry-port", []),
        (None, []),
    ],
)
def test_sluglines(slugline: str | None, found: list[str]) -> None:
    """A slug says its desk at the beginning, or says nothing."""
    assert codes(slugline=slugline) == found


def test_the_keywords_of_an_iptc_7901_wire() -> None:
    """Any part of the line may name the desk."""
    assert codes(slugline="Germany-politics", format="iptc7901") == [POLITICS]
    assert codes(slugline="Germany-politics", format="rss") == []


def test_each_topic_comes_once_with_its_name() -> None:
    """The wire's name of a subject matter is kept, whichever code brought it first."""
    subjects = (
        Subject(code="15054001", scheme="subj", name="cup"),
        Subject(code="15054000", scheme="subj", name="soccer"),
    )
    found = sent_topics(Story(id="s", subjects=subjects, categories=("Sport",)))
    assert [(topic.code, topic.name, topic.level, topic.relation) for topic in found] == [
        (SPORT, "sport", 1, "sent"),
        ("15054000", "soccer", 2, "sent"),
    ]


def test_the_tables_agree() -> None:
    """Every second-level topic is in the range of its first; the documentation shows all."""
    early = {code: top for code, (_, top) in BELOW.items() if int(code) <= 20_001_131}
    assert len(TOP) == 17
    assert len(early) > 100
    assert {code: numbered(code) for code in early} == early
    docs = Path(__file__).parents[4] / "docs" / "topics.md"
    assert docs.read_text(encoding="utf-8") == table()
