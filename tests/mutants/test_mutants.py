"""Bugs that are put in are noticed by the tests of the behaviour that they break."""

from __future__ import annotations

import pytest

from tests.mutants import ROOT, Mutant, survivors
from tests.mutants.catalogue import MUTANTS

pytestmark = pytest.mark.long


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_code(mutant: Mutant) -> None:
    """The code that it changes stands there once, and its tests exist."""
    text = (ROOT / mutant.file).read_text("utf-8")
    assert mutant.mutated(text) != text
    files = [name for name in mutant.tests if name.startswith("tests/")]
    assert [name for name in files if not (ROOT / name).exists()] == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize("tests", dict.fromkeys(mutant.tests for mutant in MUTANTS), ids=" ".join)
def test_every_mutant_is_noticed(tests: tuple[str, ...]) -> None:
    """With each bug, one of the tests that hold its behaviour fails."""
    assert survivors([mutant for mutant in MUTANTS if mutant.tests == tests]) == []
