"""What is compared of a story: all that events need, and no word of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from pipeline.events import weights
from pipeline.events.fingerprints import decode, encode, fingerprint, released
from pipeline.events.terms import terms
from pipeline.wire.errors import CodecError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = "Fire destroys the Kessandra mill in Lower Tarn, owner Piet Hallow says"


def document(**fields: Any) -> dict[str, Any]:
    """A story as the index has it."""
    given = {"status": "usable", "body": TEXT, "published_at": "2026-03-01T10:00:00Z"}
    return given | fields


def test_it_keeps_the_terms_and_no_word() -> None:
    """The terms come back from the record as they went in, and its bytes hold no word."""
    record = fingerprint(document(), 7, NOW)
    raw = encode(record)
    back = decode(raw)
    assert back == record
    assert back.terms is not None
    assert all(
        np.array_equal(getattr(back.terms, name), getattr(terms(TEXT), name))
        for name in ("keys", "weights", "rarity")
    )
    assert b"Kessandra" not in raw
    assert len(raw) < 700


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "withdrawn"},
        {"status": "embargoed"},
        {"status": "embargoed", "embargoed_until": "2026-03-01T12:00:01Z"},
        {"embargoed_until": "2026-03-01T12:00:01Z"},
    ],
)
def test_a_story_that_may_not_be_shown_has_no_terms(fields: dict[str, Any]) -> None:
    """A killed story, and one under embargo, is compared with nothing."""
    assert fingerprint(document(**fields), 7, NOW).terms is None


def test_an_embargo_that_has_ended_is_none() -> None:
    """Neither one that had ended when the record was made, nor one that ended later."""
    ended = fingerprint(document(embargoed_until="2026-03-01T12:00:00Z"), 7, NOW)
    assert ended.until is None
    assert ended.terms is not None
    held = fingerprint(document(embargoed_until="2026-03-01T13:00:00Z"), 7, NOW)
    assert held.until == NOW + timedelta(hours=1)
    assert released(held).terms is not None


def test_a_story_without_a_word_is_not_withheld() -> None:
    """A picture without a caption has no terms to compare, and is shown all the same."""
    found = decode(encode(fingerprint(document(body=""), 7, NOW))).terms
    assert found is not None
    assert len(found) == 0


def test_terms_of_another_table_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of two tables say nothing of each other."""
    record = fingerprint(document(), 7, NOW)
    monkeypatch.setattr(weights, "VERSION", weights.VERSION + 1)
    assert record.terms is not None
    assert len(record.terms) == 0


def test_ids_join_languages() -> None:
    """A place and an entity under one id count in any spelling; a doubtful place does not."""
    place = {"geonames_id": 2886242, "role": "mentioned", "confidence": 0.9}
    entity = {"id": "person:x", "kb": "wikidata:Q1"}
    told = fingerprint(document(places=[place], entities=[entity]), 7, NOW).terms
    other = fingerprint(
        document(body="Köln", places=[place, {**place, "geonames_id": 1, "confidence": 0.2}]),
        7,
        NOW,
    ).terms
    assert told is not None
    assert other is not None
    plain = terms(TEXT)
    assert len(told) == len(plain) + 2
    assert len(set(told.keys.tolist()) & set(other.keys.tolist())) == 1
    assert len(other) == 2


def test_its_first_version_dates_a_story_and_its_newest_the_window() -> None:
    """A writethru does not make another story the first of an event."""
    dates = {
        "first_created": "2026-03-01T08:00:00Z",
        "version_created": "2026-03-01T10:00:00Z",
    }
    record = fingerprint(document(**dates), 7, NOW)
    assert record.published_at == NOW - timedelta(hours=4)
    assert record.at == NOW - timedelta(hours=2)
    received = fingerprint(document(), 7, NOW)
    assert received.published_at is None
    assert received.at == NOW - timedelta(hours=2)


def test_what_is_no_fingerprint_is_an_error() -> None:
    """A record that something else wrote is named as such."""
    with pytest.raises(CodecError):
        decode(b"{}")
