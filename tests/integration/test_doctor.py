"""`newswire doctor`, on both engines."""

from __future__ import annotations

from pathlib import Path

from config.settings import Settings, load
from newswire.checks import Finding, examine
from newswire.servers.process import free_port
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
