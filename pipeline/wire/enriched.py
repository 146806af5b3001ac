"""What enrichment adds to a story: who, where, and by which models.

Offsets are Python character offsets into the named field of the story as it stands
in the record, so `story.body[m.start:m.end]` is what the mention reads.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from pipeline import __version__
from pipeline.wire import versions
from pipeline.wire.story import Story

Role = Literal["dateline", "mentioned", "demonym", "provider"]


class Mention(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A span of the story's text that names something."""

    start: int
    end: int
    field: Literal["body", "headline", "dateline"] = "body"
    """Which text the offsets count in; "dateline" is `story.dateline.place`."""


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A person, organisation, event, work or norm, with all that names it here."""

    id: str
    """Stable across stories: type and normalised form, "person:vladimir-putin"."""
    text: str
    """The best form found: the longest name, without title or possessive."""
    label: str
    """A value of `pipeline.wire.labels.Label`: "PERSON"."""
    mentions: tuple[Mention, ...]
    title: str | None = None
    """Title or honorific, apart from the name: "President"."""
    salience: float = 0.0
    """0 to 1, from position, frequency and headline."""
    name: str | None = None
    """The name that the alias table gives it, where that is not `text`."""
    kb: str | None = None
    """Its entry in a knowledge base, from the alias table or the gazetteer: "wikidata:Q1065"."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Words of the body between quotation marks, and who says them."""

    start: int
    end: int
    speaker: str
    """The id of an entity of the story."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A toponym resolved to one GeoNames entry. Coordinates are WGS 84 degrees."""

    geonames_id: int
    name: str
    mentions: tuple[Mention, ...]
    latitude: float
    longitude: float
    country: str | None = None
    country_code: str | None = None
    """ISO 3166-1 alpha-2."""
    admin1: str | None = None
    """First administrative division, by name."""
    feature: str | None = None
    """GeoNames feature code: "PPLC", "ADM1", "PCLI", "STM"."""
    population: int | None = None
    role: Role = "mentioned"
    confidence: float = 0.0
    """Calibrated: of the places given 0.8, eight in ten are right."""
    reason: str | None = None
    """Why this place and not its namesakes, in words."""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """What a story is about, by the IPTC's vocabularies."""

    code: str
    """A media topic's; below the first level a subject code's, where the wire sent those."""
    name: str | None = None
    """The topic in words; None for a subject code that the wire sent without any."""
    level: Annotated[int, msgspec.Meta(ge=1, le=2)]
    """1 for one of the 17 topics, 2 for one below them."""
    relation: Literal["sent", "inferred"]
    """Whether the wire's own codes say it, or a model does."""
    confidence: float | None = None
    """Of an inferred topic, calibrated: of those given 0.8, eight in ten are right."""


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Which code and data made the enrichment."""

    pipeline: str = f"newswire {__version__}"
    model: str
    """Package and version, "en_core_web_sm 3.8.0"; "none" where no model was run."""
    gazetteer: str
    revision: Annotated[int, msgspec.Meta(ge=0, le=999)]
    """The enrichment revision: a newer one wins over an older one at equal version."""
    language: str | None = None
    """What the text was read as: the metadata's language, else the detected one."""
    aliases: str | None = None
    """The alias table: the number it gives itself, and a digest of what was read."""
    home: str | None = None
    """The home region of the story's feed, "US-Tennessee", where it has one."""
    topics: str | None = None
    """The model that infers topics of stories without any: a name, and a digest of its weights."""
    models: tuple[str, ...] = ()
    """Every model in force, whatever the language: "de de_core_news_sm 3.8.0"."""
    enriched_at: datetime | None = None


class Enriched(msgspec.Struct, frozen=True, kw_only=True):
    """A story with its entities and places: the record on `wire.enriched`."""

    story: Story
    entities: tuple[Entity, ...] = ()
    places: tuple[Place, ...] = ()
    quotes: tuple[Quote, ...] = ()
    focus: tuple[int, ...] = ()
    """GeoNames ids of the one to three places that the story is about, best first."""
    focus_country: str | None = None
    """ISO 3166-1 alpha-2 of the country that the story is about."""
    topics: tuple[Topic, ...] = ()
    follows: int | None = None
    """The number of the version that this one, which counts by its time, is newer than."""
    provenance: Provenance

    @property
    def rank(self) -> int:
        """Return the story's place among its versions."""
        return versions.rank(self.story, self.follows)

    @property
    def index_version(self) -> int:
        """Return the document's external version in Elasticsearch."""
        return versions.index_version(self.story, self.provenance.revision, self.follows)
