"""What many tests share: the model and the gazetteer, loaded once."""

from pathlib import Path

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.build import ensure
from pipeline.enrich.geo.gazetteer import Gazetteer

GAZETTEER = Path(__file__).resolve().parents[1] / "var" / "gazetteer"
"""Where `newswire setup` builds it too; built here, in half a minute, if it isn't there."""


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The embedded gazetteer."""
    return Gazetteer(ensure(GAZETTEER))


@pytest.fixture(scope="session")
def enricher(gazetteer: Gazetteer) -> Enricher:
    """The default model with the embedded gazetteer."""
    return Enricher(gazetteer)
