"""Texts that no newspaper prints: offsets stay right, and work stays bounded."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.enrich.enricher import Enricher, toponyms
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.link import Toponym
from pipeline.enrich.geo.resolve import resolve
from pipeline.enrich.geo.toponyms import Candidate
from pipeline.wire import codec
from pipeline.wire.story import Story

WORDS = st.sampled_from(
    ["Paris", "Texas", "the", "U.S.", "’s", "O’Fallon", "\n\n", "القاهرة", "🌍", "\x00", "\u202e",
     "NEW YORK", "–", "St.", "Louis", ",", "in", "Kenyan", "İstanbul", "ﬁ", "Mr.", "\t"]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=25).map(" ".join) | st.text(max_size=60)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS, before=st.sampled_from(["", " ", "\n\n  "]))
def test_offsets_hold_whatever_the_text(enricher: Enricher, text: str, before: str) -> None:
    """Spans lie in their text, twice the same, and white space around moves offsets alone."""
    plain = Story(id="x:1", language="en", body=text)
    moved = Story(id="x:1", language="en", body=before + text + before)
    [first, again, shifted] = enricher.enrich([plain, plain, moved])
    assert first == again
    for found in toponyms(first):
        assert 0 <= found["start"] < found["end"] <= len(text)
        assert found["text"].strip() == found["text"] != ""
    back = [
        {**t, "start": t["start"] - len(before), "end": t["end"] - len(before)}
        for t in toponyms(shifted)
    ]
    assert back == toponyms(first)


@pytest.mark.parametrize("text", ["", " \n", "\x00\x01", "…" * 50, "A" * 5000, "Paris " * 300])
def test_odd_texts_are_enriched(enricher: Enricher, text: str) -> None:
    """Empty, unprintable and monotonous texts give a record that can be written."""
    [enriched] = enricher.enrich([Story(id="x:1", language="en", body=text)])
    codec.encode(enriched)


def test_a_list_of_places_without_end_is_resolved_in_blocks(gazetteer: Gazetteer) -> None:
    """Each place of a list of thousands gets its answer, without all being compared to all."""
    names = [gazetteer.entry(row).name for row in range(0, 80_000, 20)]
    many = [
        Toponym(Candidate(i, i + 1, name, gazetteer.lookup(name)), "body")
        for i, name in enumerate(names)
    ]
    assert len(resolve(many)) == len(many)
