"""newswire as a library: deliveries to stories, and stories to people, organisations and places.

Neither needs Kafka or Elasticsearch.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from connectors.formats import FORMATS, Context, Parsed
from pipeline.wire.errors import ConfigError
from pipeline.wire.story import Story

if TYPE_CHECKING:
    from config.settings import Settings
    from pipeline.enrich.pool import Enrich
    from pipeline.wire.enriched import Enriched


def parse(
    raw: bytes,
    format: str = "auto",
    *,
    agency: str | None = None,
    timezone: str = "UTC",
    captions: bool = False,
) -> Parsed:
    """Read the stories of a delivery.

    Args:
        raw: the delivery's bytes, as a feed sends them.
        format: a format's name, as in docs/formats.md; "auto" recognises it.
        agency: the source of stories that name none.
        timezone: the IANA zone of times that have none.
        captions: take captions of pictures as stories.

    Returns:
        `stories`; `errors` of items that can't be read, while others can; `skipped` parts
        that are no stories.

    Raises:
        ParseError: no story of the delivery can be read.
        ConfigError: no format has this name.
    """
    if format not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise ConfigError(f"unknown format {format!r} (known: {known})")
    return FORMATS[format](raw, Context(agency=agency, timezone=timezone, captions=captions))


def enrich(stories: Iterable[Story | str], model: str | None = None) -> list[Enriched]:
    """Find people, organisations and places in stories or plain texts.

    The model and the gazetteer are loaded by the first call, in some seconds. Settings come
    from the environment and NEWSWIRE_CONFIG, as for every command.

    Args:
        stories: stories, or texts; a text becomes the body of a story without a headline.
        model: an installed spaCy pipeline instead of the configured one; "none" for no model.

    Raises:
        SetupError: the model is not installed, or the gazetteer can't be opened.
        ConfigError: the settings are wrong.
    """
    given = [
        Story(id=str(number), body=story) if isinstance(story, str) else story
        for number, story in enumerate(stories)
    ]
    return _enricher(model).enrich(given)


@lru_cache(maxsize=2)
def _enricher(model: str | None) -> Enrich:
    from config.settings import load

    return load_enricher(load(), model)


def load_enricher(settings: Settings, model: str | None = None) -> Enrich:
    """Load the enricher that the settings describe, or one with another model.

    Raises:
        SetupError: the model is not installed, or the gazetteer can't be opened.
    """
    if model:
        changed = settings.enrichment.model_copy(update={"model": model})
        settings = settings.model_copy(update={"enrichment": changed})
    # spaCy takes a second to import.
    if settings.enrichment.model == "none":
        from pipeline.enrich import unenriched

        return unenriched.load(settings)
    from pipeline.enrich import enricher

    return enricher.load(settings)
