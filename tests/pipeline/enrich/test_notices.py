"""What a wire prints for editors."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.notices import without_notices
from pipeline.wire.story import Story

NOTICES = [
    "(STORY CAN END HERE. OPTIONAL MATERIAL FOLLOWS)",
    "(OPTIONAL TRIM BEGINS)",
    "[PICTURES FOLLOW FROM BERLIN]",
    "(CORRECTS NAME OF PARIS MAYOR)",
]


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_in_brackets_has_no_names(enricher: Enricher, notice: str) -> None:
    """Neither an entity nor a place; what stands around it keeps its offsets."""
    body = f"The mayor left in May. {notice} He was met by John Smith."
    [enriched] = enricher.enrich([Story(id="x:1", body=body, language="en")])
    [smith] = enriched.entities
    assert (smith.id, smith.mentions[0].start) == ("person:john-smith", body.index("John"))
    assert enriched.places == ()


@pytest.mark.parametrize(
    "line",
    ["Eds: Adds London dateline.", "EDITORS: STORY CAN END HERE", "Editor's note: See Rome."],
)
def test_a_line_for_editors_is_blank(line: str) -> None:
    """It keeps its length."""
    assert without_notices(f"One.\n{line}\nTwo.") == f"One.\n{' ' * len(line)}\nTwo."


@pytest.mark.parametrize(
    "text",
    ["The Agency (IAEA) met.", "It fell (see the STORY of May).", "EDITORS MEET IN PARIS to vote"],
)
def test_other_brackets_and_lines_stay(text: str) -> None:
    """Initials, words and sentences are no notices."""
    assert without_notices(text) == text
