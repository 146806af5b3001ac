"""The command that builds the shipped gazetteer."""

import hashlib
import pickle
from pathlib import Path

import pytest

from pipeline.enrich.geo.records import Record
from pipeline.wire.errors import SetupError
from tools.gazetteer import add_foreign_names, read_plain_pickle


def test_a_pickle_may_hold_plain_data_only() -> None:
    """A pickle that would call anything is refused, whatever its hash."""
    raw = pickle.dumps(Path("x"))
    with pytest.raises(SetupError, match="can't be read"):
        read_plain_pickle(raw, hashlib.sha256(raw).hexdigest())
    with pytest.raises(SetupError, match="not what this version"):
        read_plain_pickle(raw, "0" * 64)


def test_foreign_names_go_to_the_place_that_bears_them() -> None:
    """A country by its code; a city by the country of the time zone named after it."""
    pytest.importorskip("babel")
    continents = [
        Record(n, name, 0.0, 0.0, "CONT")
        for n, name in enumerate(
            ("Africa", "North America", "Asia", "Europe", "Oceania", "South America")
        )
    ]
    greece = Record(10, "Greece", 39.0, 22.0, "PCLI", "GR", division=("GR",))
    athens = Record(11, "Athens", 37.9, 23.7, "PPLC", "GR", 600_000)
    georgia = Record(12, "Athens", 33.9, -83.3, "PPL", "US", 100_000)
    add_foreign_names([*continents, greece, athens, georgia])
    assert ("de", "Griechenland") in greece.foreign
    assert ("es", "Atenas") in athens.foreign
    assert not georgia.foreign
    assert ("fr", "Afrique") in continents[0].foreign
