"""The model reads paragraphs: alone, together, and from memory the same."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.enrich.enricher import DEFAULT_MODEL, Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.model import FixedShapeOps, Model
from pipeline.enrich.recogniser import PERIOD
from pipeline.wire import codec
from pipeline.wire.story import Story

SENTENCES = (
    "The river rose by 40 centimetres near Mombasa on Tuesday.",
    "Maria Keller of Nordbank said the loan would be paid in March.",
    "“Nobody told us,” said Sgt. Ade Okafor, of the Lagos fire brigade.",
    "OTTAWA",
    "Mr Keller, who was born in Graz, moved to the United Nations in 1998.",
    "More to follow.",
    "The Kenya Union of Teachers met President Amina Diallo at the Hilton, in Nairobi, Kenya.",
    "a",
)
paragraph = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6).map(" ".join)


@pytest.fixture(scope="module")
def forgetful() -> Model:
    """The default model, which remembers no paragraph."""
    return Model(DEFAULT_MODEL, remembered=0)


@pytest.fixture(scope="module")
def forgetful_enricher(gazetteer: Gazetteer) -> Enricher:
    """As `enricher`, but its model remembers no paragraph."""
    return Enricher(gazetteer, remembered=0)


@settings(max_examples=25, deadline=None)
@given(st.lists(paragraph, min_size=1, max_size=40), st.data())
def test_a_paragraph_reads_the_same_in_any_company(
    forgetful: Model, parts: list[str], data: st.DataObject
) -> None:
    """What is found in a paragraph depends on no other, however they are batched."""
    together = forgetful.read(parts)
    some = data.draw(st.lists(st.sampled_from(parts), min_size=1, max_size=5))
    assert forgetful.read(some) == {part: together[part] for part in some}
    assert forgetful.read(parts[-1:]) == {parts[-1]: together[parts[-1]]}


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(paragraph, max_size=5), min_size=1, max_size=6))
def test_remembered_and_read_anew_are_the_same_record(
    enricher: Enricher, forgetful_enricher: Enricher, bodies: list[list[str]]
) -> None:
    """What is remembered gives the bytes of what is not, in one batch or story by story."""
    stories = [
        Story(id=f"x:{n}", language="en", headline=parts[0] if parts else None,
              body="\n\n".join(parts))
        for n, parts in enumerate(bodies)
    ]  # fmt: skip
    remembered = [codec.encode(record) for record in enricher.enrich(stories)]
    with patch("pipeline.enrich.paragraphs.LONGEST_KEPT", -1):  # nothing is
        alone = [codec.encode(forgetful_enricher.enrich([story])[0]) for story in stories]
    assert remembered == alone


def test_the_memory_is_bounded() -> None:
    """A model forgets the paragraphs that it has not met for longest."""
    model = Model(DEFAULT_MODEL, remembered=3)
    model.read(["Paris.", "London."])
    model.read(["Nairobi."])
    model.read(["Paris.", "Oslo."])
    assert model.remembers("Paris.")
    assert [model.remembers(p) for p in ("London.", "Nairobi.", "Oslo.")] == [False, True, True]


@pytest.mark.parametrize("shape", [(96, 96), (384, 288), (96, 64), (288, 288), (64, 37)])
def test_a_row_of_a_product_depends_on_that_row_and_its_place_in_the_period(
    shape: tuple[int, int],
) -> None:
    """Matrix products give a row the same bits wherever a paragraph may begin."""
    random = np.random.default_rng(1)
    y = random.standard_normal(shape[::-1], dtype="f")
    x = random.standard_normal((700, shape[0]), dtype="f")
    ops = FixedShapeOps()
    whole = ops.gemm(x, y, trans2=True)
    for start, end in ((0, 1), (PERIOD, 31), (8 * PERIOD, 300), (192, 256), (58 * PERIOD, 700)):
        assert np.array_equal(ops.gemm(x[start:end], y, trans2=True), whole[start:end])
    assert np.allclose(whole, x @ y.T, rtol=1e-4, atol=1e-4)
