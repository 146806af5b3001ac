"""Documents, the mapping that must know all of their fields, and the way back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from pipeline.index.document import document, enriched
from pipeline.index.mapping import component_template, index_template, properties
from pipeline.kafka.messages import Record
from pipeline.stream.indexing import to_write
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched, Place, Provenance
from pipeline.wire.errors import MappingError
from pipeline.wire.story import Located, Status, Story
from pipeline.wire.versions import blank
from tests.records import enriched as written
from tests.strategies import enriched_stories

PROVENANCE = Provenance(pipeline="t", model="none", gazetteer="none", revision=1)
LANGUAGES = {"ja": "kuromoji", "th": "thai"}


def unmapped(value: Any, mapping: dict[str, Any], at: str = "") -> Iterator[str]:
    """The paths in a document that a strict mapping would reject."""
    if mapping.get("enabled", mapping.get("dynamic")) is False:
        return
    if mapping.get("type") == "geo_point":
        return
    match value:
        case list() | tuple():
            for item in value:
                yield from unmapped(item, mapping, at)
        case dict():
            fields = mapping.get("properties", {})
            for name, inner in value.items():
                if name not in fields:
                    yield f"{at}{name}"
                else:
                    yield from unmapped(inner, fields[name], f"{at}{name}.")
        case _:
            if "properties" in mapping and value is not None:
                yield f"{at} (an object is mapped, {value!r} is none)"


@given(record=enriched_stories)
@settings(max_examples=80)
def test_every_field_is_in_the_mapping(record: Enriched) -> None:
    """The mapping is strict, and no document has a field that it does not know."""
    indexed = to_write(Record("t", 0, 0, codec.encode(record)), LANGUAGES).document
    assert list(unmapped(indexed, {"properties": properties(LANGUAGES)})) == []


@given(record=enriched_stories)
@settings(max_examples=80)
def test_a_document_gives_its_record_back(record: Enriched) -> None:
    """What the index holds is enough to write the record to the compacted topic again."""
    stored = orjson.loads(orjson.dumps(document(record, LANGUAGES)))
    assert enriched(stored) == record


def test_what_kibana_counts_stands_at_the_root() -> None:
    """Persons, organisations, places and countries are flat arrays, each name once."""
    record = written(
        "ap:1",
        body="Ana Lima of WHO went from Lima to Lima and Nairobi.",
        persons=["Ana Lima"],
        organisations=["WHO"],
        places=["Lima", "Nairobi", "Lima"],
    )
    told = document(record)
    assert (told["persons"], told["organisations"]) == (["Ana Lima"], ["WHO"])
    assert (told["place_names"], told["countries"]) == (["Lima", "Nairobi"], ["PE", "KE"])
    assert told["locations"] == [
        {"lat": -12.04318, "lon": -77.02824},
        {"lat": -1.28333, "lon": 36.81667},
    ]


def test_the_time_of_publication() -> None:
    """A version counts as published when it was made, else when the story was, else on receipt."""
    times = [datetime(2024, 5, day, tzinfo=UTC) for day in (1, 2, 3)]
    told = [
        document(written("a", published_at=times[0], first_created=times[1])),
        document(written("a", first_created=times[1], received_at=times[2])),
        document(written("a", received_at=times[2])),
    ]
    days = ["2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z", "2024-05-03T00:00:00Z"]
    assert [fields["published_at"] for fields in told] == days
    assert "published_at" not in document(written("a"))


def test_a_date_in_the_future_is_no_time_of_publication() -> None:
    """The receipt stands for it; without one, the time of enrichment, so that a rebuild agrees."""
    at = datetime(2024, 5, 1, tzinfo=UTC)
    mistyped = written("a", published_at=datetime(2099, 1, 1, tzinfo=UTC))
    provenance = replace(mistyped.provenance, enriched_at=at)
    received = replace(mistyped.story, received_at=at)
    for record in (replace(mistyped, provenance=provenance), replace(mistyped, story=received)):
        assert document(record)["published_at"] == "2024-05-01T00:00:00Z"


def test_a_language_with_an_analyzer_gets_its_text_there() -> None:
    """A Japanese story is also given to the server's analyzer where it has one."""
    record = written("kyodo:1", "見出し", "本文。", language="ja-JP")
    assert document(record, ["ja"])["text"] == {"ja": "見出し\n\n本文。"}
    assert "text" not in document(record, ["th"])


def test_texts_are_folded_by_the_language_of_the_story() -> None:
    """Each text stands a second time, as it is searched: by the stems of its language."""
    record = written("dpa:1", "Wahlen in Köln", "Die Wähler wählten.", language="de-AT")
    told = document(record)["folded"]
    assert told["headline"] == "dewahl dein dekoln"
    assert told["body"].startswith("dedie dewahl")


def test_regions_that_contain_a_place_are_indexed() -> None:
    """Los Angeles is found under California and the United States."""
    told = document(
        Enriched(
            story=Story(id="ap:1"),
            places=(
                Place(
                    geonames_id=5368361,
                    name="Los Angeles",
                    mentions=(),
                    latitude=34.05,
                    longitude=-118.24,
                    country="United States",
                    country_code="US",
                    admin1="California",
                ),
            ),
            provenance=PROVENANCE,
        )
    )
    assert told["within"] == ["California", "United States"]
    assert told["folded"]["within"] == ["california", "united states"]


def test_a_killed_story_says_nothing() -> None:
    """The document of a blanked story has no word of headline and body."""
    story = Story(id="a", status=Status.WITHDRAWN, headline="Secret", body="Secret.", ednote="Kill")
    record = written("a")
    killed = Enriched(story=blank(story), provenance=record.provenance)
    assert b"secret" not in orjson.dumps(document(killed, ["en"])).lower()


@pytest.mark.parametrize("stored", [{}, {"id": "a"}, {"id": "a", "places": [{}]}])
def test_a_foreign_document_is_refused(stored: dict[str, Any]) -> None:
    """A document that was not made here raises MappingError."""
    with pytest.raises(MappingError):
        enriched(stored)


def test_the_mapping_is_strict_and_has_each_analyzer() -> None:
    """Unknown fields are rejected, and each language's text has its analyzer."""
    mapping = component_template(LANGUAGES)["template"]["mappings"]
    assert mapping["dynamic"] == "strict"
    assert mapping["properties"]["body"]["analyzer"] == "standard"
    text = mapping["properties"]["text"]["properties"]
    assert {language: field["analyzer"] for language, field in text.items()} == LANGUAGES


def test_the_template_covers_the_indices_of_its_base_alone() -> None:
    """An index whose name merely begins alike gets another template or none."""
    template = index_template("wire", shards=2, replicas=1, refresh_seconds=0.5)
    assert template["index_patterns"] == ["wire-0*"]
    assert template["composed_of"] == ["wire-mapping"]
    assert template["template"]["settings"]["index"]["refresh_interval"] == "500ms"


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**63, 10**40])
def test_a_number_beyond_its_field_is_kept_beside_it(number: int) -> None:
    """It is in the document, where no mapping looks at it, and comes back with the record."""
    story = Story(id="ap:1", body="x", priority=number, urgency=number, version=number)
    record = Enriched(story=story, provenance=PROVENANCE)
    made = document(record)
    assert "priority" not in made
    assert "urgency" not in made
    assert made.get("version") == (number if abs(number) < 2**63 else None)
    assert enriched(orjson.loads(orjson.dumps(made))) == record


def test_a_story_is_one_document_to_the_index() -> None:
    """Nothing is nested: each entity, place and quote would be a document of its own."""
    assert '"nested"' not in orjson.dumps(properties(LANGUAGES)).decode()


def test_names_that_an_older_index_kept_beside_come_back() -> None:
    """Mapping 4 nested names, up to a limit; a record restored from such an index has them all."""
    body = "Ana Lima of WHO went from Lima to Nairobi."
    record = written("ap:1", body=body, persons=["Ana Lima", "WHO"], places=["Lima", "Nairobi"])
    made = document(record)
    beyond = {name: made[name][1:] for name in ("entities", "places")}
    assert all(beyond.values())
    older = {**made, **{name: made[name][:1] for name in beyond}, "beyond": beyond}
    assert enriched(older) == record


@pytest.mark.parametrize(("latitude", "longitude"), [(91.0, 0.0), (0.0, 1e300)])
def test_coordinates_off_the_earth_are_kept(latitude: float, longitude: float) -> None:
    """Of a place that the provider mistyped its name is searched."""
    located = (Located(name="Nowhere", latitude=latitude, longitude=longitude),)
    record = Enriched(story=Story(id="ap:1", located=located), provenance=PROVENANCE)
    made = document(record)
    assert made["located"][0]["name"] == "Nowhere"
    assert made["located"][0]["latitude"] is None
    assert enriched(made) == record
