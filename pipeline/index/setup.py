"""The index made ready: templates, the first concrete index, the two aliases. Idempotent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elasticsearch import Elasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.analysis import available, summary
from pipeline.index.client import connect_sync, translated
from pipeline.index.mapping import CODEC, SCHEMA, component_template, index_template
from pipeline.wire.errors import SetupError
from pipeline.wire.story import Status


def read_alias(base: str) -> str:
    """Return the alias that searches read."""
    return base


def write_alias(base: str) -> str:
    """Return the alias that the worker writes to."""
    return f"{base}-write"


def readers_alias(base: str) -> str:
    """Return the alias that holds only what readers may see now, for Kibana."""
    return f"{base}-readers"


READABLE: dict[str, Any] = {
    "bool": {
        "must_not": [
            {"term": {"status": Status.WITHDRAWN.value}},
            {"range": {"embargoed_until": {"gt": "now"}}},
            {
                "bool": {
                    "filter": [{"term": {"status": Status.EMBARGOED.value}}],
                    "must_not": [{"exists": {"field": "embargoed_until"}}],
                }
            },
        ],
        "filter": [],
    }
}
"""The filter of that alias: `pipeline.search.visible.visible` of a reader, at any time."""


def aliases(base: str, index: str) -> list[dict[str, Any]]:
    """Return the actions that give an index its aliases."""
    return [
        {"add": {"index": index, "alias": read_alias(base)}},
        {"add": {"index": index, "alias": write_alias(base), "is_write_index": True}},
        {"add": {"index": index, "alias": readers_alias(base), "filter": READABLE}},
    ]


def first_index(base: str) -> str:
    """Return the concrete index behind the aliases until it is rebuilt."""
    return f"{base}-000001"


def setup_index(settings: ElasticsearchSettings) -> list[str]:
    """Create or update what the index needs.

    Returns:
        What was done, a line each.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses, or an index of another schema is in the way.
    """
    with translated(settings, quotes_no_story=True), connect_sync(settings, True) as client:
        return _setup(client, settings)


def setup_beside(
    settings: ElasticsearchSettings,
    name: str,
    mapping: Mapping[str, Any],
    hidden: bool = False,
    refresh_interval: str | None = None,
    shown_as: tuple[str, dict[str, Any]] | None = None,
) -> list[str]:
    """Create an index that stands beside the stories', where it is missing.

    Args:
        settings: where it stands.
        name: its name.
        mapping: its fields.
        hidden: no pattern with a wildcard finds it.
        refresh_interval: how often it shows what was written; None for the cluster's own.
        shown_as: an alias for Kibana, and the filter of what it shows.

    Returns:
        What was done, a line each.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses.
    """
    sizes: dict[str, Any] = {
        "number_of_shards": settings.shards,
        "number_of_replicas": settings.replicas,
        "codec": CODEC,
        **({"hidden": True} if hidden else {}),
        **({"refresh_interval": refresh_interval} if refresh_interval else {}),
    }
    filtered = {shown_as[0]: {"filter": shown_as[1]}} if shown_as else {}
    with translated(settings, quotes_no_story=True), connect_sync(settings, True) as client:
        # Where the index is deleted under a running worker, it comes back as it should be.
        client.indices.put_index_template(
            name=name,
            index_patterns=[name],
            priority=200,
            template={"mappings": mapping, "settings": sizes, "aliases": filtered},
        )
        if client.indices.exists(index=name):
            client.indices.put_mapping(index=name, properties=mapping["properties"])
            if shown_as:
                client.indices.put_alias(index=name, name=shown_as[0], filter=shown_as[1])
            return [f"index {name} exists"]
        client.indices.create(index=name)
    return [f"index {name}"]


def _setup(client: Elasticsearch, settings: ElasticsearchSettings) -> list[str]:
    base = settings.index
    analyzers = available(client, settings)
    client.cluster.put_component_template(name=f"{base}-mapping", **component_template(analyzers))
    client.indices.put_index_template(
        name=base,
        **index_template(base, settings.shards, settings.replicas, settings.refresh_seconds),
    )
    done = [f"template {base} (schema {SCHEMA})", summary(analyzers, settings)]
    if client.indices.exists_alias(name=write_alias(base)):
        _check(client, base)
        if not client.indices.exists_alias(name=readers_alias(base)):
            (index,) = client.indices.get_alias(name=write_alias(base))
            client.indices.update_aliases(actions=aliases(base, index)[-1:])
            done.append(f"alias {readers_alias(base)}")
        return [*done, f"alias {base} exists"]
    index = first_index(base)
    if not client.indices.exists(index=index):
        client.indices.create(index=index)
        done.append(f"index {index}")
    client.indices.update_aliases(actions=aliases(base, index))
    names = (read_alias(base), write_alias(base), readers_alias(base))
    return [*done, f"aliases {', '.join(names)}"]


def _check(client: Elasticsearch, base: str) -> None:
    for name, index in client.indices.get_mapping(index=write_alias(base)).items():
        found = index["mappings"].get("_meta", {}).get("newswire_schema")
        if found != SCHEMA:
            raise SetupError(
                f"index {name} has mapping schema {found}, this newswire writes {SCHEMA}: "
                "rebuild it with `newswire reindex`"
            )
