"""`newswire doctor`, on both engines."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from config.settings import Settings, load
from newswire.checks import Finding, examine
from newswire.servers.process import free_port
from pipeline.index.client import connect_sync
from pipeline.setup import setup
from tests.servers import Engine


def settings_of(engine: Engine, prefix: str, folder: Path, **more: str) -> Settings:
    """An installation of its own on the engine, with one feed."""
    feeds = folder / "feeds.toml"
    feeds.write_text(f'[feeds.demo]\nsource = "directory"\npath = "{folder}"\nagency = "Harbour"\n')
    return load(
        environ={
            "NEWSWIRE_KAFKA__BROKERS": engine.brokers,
            "NEWSWIRE_ELASTICSEARCH__URL": engine.elasticsearch_url,
            "NEWSWIRE_ELASTICSEARCH__INDEX": f"{prefix}-stories",
            "NEWSWIRE_TOPICS__PREFIX": prefix,
            "NEWSWIRE_TOPICS__PARTITIONS": "1",
            "NEWSWIRE_DATA_DIR": str(folder),
            "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(feeds),
            **more,
        }
    )


def faults(settings: Settings) -> list[Finding]:
    """What is not well, each with what to do."""
    found = [finding for finding in examine(settings) if finding.level == "fault"]
    assert all(finding.todo for finding in found)
    return found


def test_what_is_missing_is_named_and_setup_mends_it(
    engine: Engine, prefix: str, tmp_path: Path
) -> None:
    """Without topics and index each is a fault; after `setup` there is none."""
    settings = settings_of(engine, prefix, tmp_path)
    named = " ".join(finding.what for finding in faults(settings))
    assert f"topic {prefix}.enriched is missing" in named
    assert f"alias {prefix}-stories-write is missing" in named
    setup(settings)
    assert faults(settings) == []


def test_what_does_not_fit_is_named(engine: Engine, prefix: str, tmp_path: Path) -> None:
    """A topic that is configured otherwise, an analyzer, a model and a feed that are not there."""
    setup(settings_of(engine, prefix, tmp_path))
    settings = settings_of(
        engine,
        prefix,
        tmp_path,
        NEWSWIRE_TOPICS__STORIES_RETENTION_HOURS="3",
        NEWSWIRE_ELASTICSEARCH__ANALYZERS="ja=no_such_analyzer",
        NEWSWIRE_ENRICHMENT__MODEL="xx_no_such_model",
    )
    settings.connectors.feeds_file.write_text('[feeds.demo]\nsource = "nowhere"\n')
    found = {finding.area for finding in faults(settings)}
    assert found == {"topics", "analyzers", "models", "feeds"}


def test_a_server_that_is_away_hides_nothing_else(tmp_path: Path) -> None:
    """Each server that does not answer is one fault, and the other checks go on."""
    feeds = tmp_path / "feeds.toml"
    feeds.write_text("")
    settings = load(
        environ={
            "NEWSWIRE_KAFKA__BROKERS": f"127.0.0.1:{free_port()}",
            "NEWSWIRE_ELASTICSEARCH__URL": f"http://127.0.0.1:{free_port()}",
            "NEWSWIRE_DATA_DIR": str(tmp_path),
            "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(feeds),
        }
    )
    found = list(examine(settings))
    assert [f.area for f in found if f.level == "fault"] == ["kafka", "index"]
    assert {"disk", "models", "alerts"} <= {f.area for f in found if f.level == "ok"}


def _other_partitions(settings: Settings, admin: KafkaAdminClient) -> None:
    admin.create_partitions({f"{settings.topics.prefix}.enriched": 3})


def _not_compacted(settings: Settings, admin: KafkaAdminClient) -> None:
    resource = ConfigResource(
        "TOPIC", f"{settings.topics.prefix}.enriched", configs={"cleanup.policy": "delete"}
    )
    admin.alter_configs([resource])


def _lost_topic(settings: Settings, admin: KafkaAdminClient) -> None:
    admin.delete_topics([f"{settings.topics.prefix}.refused"])


def _blocked(settings: Settings, admin: KafkaAdminClient) -> None:
    with connect_sync(settings.elasticsearch) as client:
        client.indices.put_settings(
            index=f"{settings.elasticsearch.index}-000001",
            settings={"index.blocks.read_only_allow_delete": True},
        )


def _lost_alias(settings: Settings, admin: KafkaAdminClient) -> None:
    index = settings.elasticsearch.index
    with connect_sync(settings.elasticsearch) as client:
        client.indices.delete_alias(index=f"{index}-000001", name=f"{index}-write")


@pytest.mark.parametrize(
    ("spoil", "area", "what", "todo"),
    [
        (_other_partitions, "topics", "has 3 partitions, not 1", "set topics.partitions"),
        (_not_compacted, "topics", "cleanup.policy is delete, not compact", "newswire setup"),
        (_lost_topic, "topics", "refused is missing", "newswire setup"),
        (_blocked, "index", "is blocked: read_only_allow_delete", "a full disk"),
        (_lost_alias, "index", "-write is missing", "newswire setup"),
    ],
)
def test_what_was_spoiled_is_the_one_fault(
    engine: Engine,
    prefix: str,
    tmp_path: Path,
    spoil: Callable[[Settings, KafkaAdminClient], None],
    area: str,
    what: str,
    todo: str,
) -> None:
    """Of servers that were well it is the only fault, and the sentence says how to mend it."""
    if engine.kind == "embedded" and spoil is not _lost_alias:
        pytest.skip("the embedded engine keeps no such state")
    settings = settings_of(engine, prefix, tmp_path)
    setup(settings)
    admin = KafkaAdminClient(bootstrap_servers=engine.brokers)
    try:
        spoil(settings, admin)
    finally:
        admin.close()
    (found,) = faults(settings)
    assert found.area == area
    assert what in found.what
    assert todo in found.todo


def test_a_clock_that_is_off_is_named(
    engine: Engine, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The distance of the index's clock from ours is said, with its sign."""
    if engine.kind == "embedded":
        pytest.skip("its clock is this machine's")
    settings = settings_of(engine, prefix, tmp_path)
    setup(settings)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 90)
    (found,) = faults(settings)
    assert (found.area, found.todo) == ("clock", "let NTP set the clocks of all machines")
    assert re.search(r"clock is -(89|9\d) s", found.what)
