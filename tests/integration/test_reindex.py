"""`newswire reindex` on both engines: an index that was lost comes back, and comes back right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from kafka import KafkaProducer
from typer.testing import CliRunner

from config.settings import Settings, load
from newswire.__main__ import app
from pipeline.index.client import connect_sync
from pipeline.kafka.messages import Record
from pipeline.setup import setup
from pipeline.stream.enriching import enriched_message
from pipeline.stream.rebuild import rebuild
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics
from pipeline.wire.versions import index_version
from tests.integration.topics import values
from tests.servers import Engine


@pytest.fixture
def environ(engine: Engine, prefix: str, tmp_path: Path) -> dict[str, str]:
    """An installation of its own on the engine."""
    return {
        "NEWSWIRE_DATA_DIR": str(tmp_path / "not" / "there" / "yet"),
        "NEWSWIRE_KAFKA__BROKERS": engine.brokers,
        "NEWSWIRE_ELASTICSEARCH__URL": engine.elasticsearch_url,
        "NEWSWIRE_TOPICS__PREFIX": prefix,
        "NEWSWIRE_TOPICS__PARTITIONS": "1",
        "NEWSWIRE_ELASTICSEARCH__INDEX": prefix,
    }


def write(settings: Settings, *versions: int) -> None:
    """Versions of one story onto the enriched topic, in this order."""
    provenance = Provenance(pipeline="t", model="none", gazetteer="none", revision=1)
    producer = KafkaProducer(bootstrap_servers=list(settings.kafka.brokers))
    for version in versions:
        story = Story(id="TW:ferry", version=version, body=f"version {version}")
        message = enriched_message(
            Topics(settings.topics.prefix), Enriched(story=story, provenance=provenance)
        )
        producer.send(
            message.topic, key=message.key, value=message.value, headers=message.headers
        ).get(30)
    producer.close()


def test_a_lost_index_comes_back_with_the_newest_version_last_on_the_topic(
    environ: dict[str, str], prefix: str
) -> None:
    """A late older version, written while the index was empty, loses in index and topic."""
    settings = load(environ=environ)
    setup(settings)
    write(settings, 1, 3, 2)
    with connect_sync(settings.elasticsearch) as client:
        client.indices.delete(index=f"{prefix}-000001")
        done = CliRunner().invoke(app, ["reindex"], env=environ, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        found = client.get(index=prefix, id="TW:ferry")
        assert found["_source"]["body"] == "version 3"
        newest = index_version(Story(id="TW:ferry", version=3), 1)
        assert found["_version"] == newest
    last = values(settings.kafka.brokers[0], Topics(prefix).enriched)[-1]
    assert b"version 3" in last


def test_reindexing_twice_keeps_the_index_and_the_topic_as_they_are(
    environ: dict[str, str], prefix: str
) -> None:
    """A second rebuild finds nothing to put right: each version is on the topic once."""
    settings = load(environ=environ)
    setup(settings)
    write(settings, 1, 2)
    for _ in range(2):
        done = CliRunner().invoke(app, ["reindex"], env=environ, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    assert len(values(settings.kafka.brokers[0], Topics(prefix).enriched)) == 2
    with connect_sync(settings.elasticsearch) as client:
        assert client.get(index=prefix, id="TW:ferry")["_source"]["body"] == "version 2"
        assert list(client.indices.get_alias(name=prefix)) == [f"{prefix}-000003"]


def test_the_new_index_is_refreshed_only_once_it_is_searched(
    environ: dict[str, str], prefix: str
) -> None:
    """A rebuild that crashed and goes on leaves the configured refresh, not the one of filling."""
    settings = load(environ=environ)
    setup(settings)
    write(settings, 1)
    target = f"{prefix}-000002"

    def interval() -> str:
        with connect_sync(settings.elasticsearch) as client:
            found = client.indices.get_settings(index=target, flat_settings=True)
            return str(found[target]["settings"]["index.refresh_interval"])

    met: list[str] = []

    def crash(index: str, records: Sequence[Record]) -> None:
        met.append(interval())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(settings, crash)
    rebuild(settings, lambda index, records: met.append(interval()))
    assert met == ["-1", "-1"]
    assert interval() == "1000ms"


def test_more_shards_hold_the_same_stories(environ: dict[str, str], prefix: str) -> None:
    """`--shards` spreads the index: versions by id and aliases stay, the old index is left."""
    settings = load(environ=environ)
    setup(settings)
    write(settings, 1, 3, 2)
    done = CliRunner().invoke(app, ["reindex", "--shards", "3"], env=environ)
    assert done.exit_code == 0, done.output
    assert "elasticsearch.shards = 3" in done.output
    target = f"{prefix}-000002"
    with connect_sync(settings.elasticsearch) as client:
        for alias in (prefix, f"{prefix}-write", f"{prefix}-readers"):
            assert list(client.indices.get_alias(name=alias)) == [target]
        found = client.get(index=prefix, id="TW:ferry")
        assert found["_version"] == index_version(Story(id="TW:ferry", version=3), 1)
        assert found["_source"]["body"] == "version 3"
        kept = client.indices.get_settings(index=target, flat_settings=True)[target]
        assert kept["settings"]["index.number_of_shards"] == "3"


def test_an_unfinished_rebuild_with_other_shards_begins_anew(
    environ: dict[str, str], prefix: str
) -> None:
    """Its index, which nobody searches, goes; what is searched is never deleted."""
    settings = load(environ=environ)
    setup(settings)
    write(settings, 1)

    def crash(index: str, records: Sequence[Record]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(settings, crash)
    done = CliRunner().invoke(app, ["reindex", "--shards", "2"], env=environ)
    assert done.exit_code == 0, done.output
    with connect_sync(settings.elasticsearch) as client:
        (target,) = client.indices.get_alias(name=prefix)
        kept = client.indices.get_settings(index=target, flat_settings=True)[target]
        assert kept["settings"]["index.number_of_shards"] == "2"
        assert client.get(index=prefix, id="TW:ferry")["_source"]["body"] == "version 1"
        names = set(client.indices.get(index=f"{prefix}-0*"))
    assert names == {f"{prefix}-000001", target}
