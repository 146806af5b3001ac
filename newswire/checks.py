"""What `newswire doctor` looks at: each check returns findings, and changes nothing."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from elasticsearch import ApiError, Elasticsearch
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from config.settings import Settings
from connectors.check import check as check_feeds
from newswire.gazetteer import folder
from pipeline.alerts.saved import saved_searches
from pipeline.index.analysis import available, summary
from pipeline.index.client import connect_sync, translated
from pipeline.index.mapping import SCHEMA
from pipeline.index.setup import read_alias, write_alias
from pipeline.kafka.errors import broker_errors, require_admission
from pipeline.kafka.options import client_options
from pipeline.kafka.setup import topic_configs
from pipeline.wire.errors import NewswireError, SetupError
from pipeline.wire.topics import Topics

Level = Literal["ok", "warning", "fault"]

GIB = 1024**3
LITTLE_SPACE = 5 * GIB
"""A disk with less than this is named: Elasticsearch's own flood stage is 5 % or 100 GB free."""
MOST_SKEW_SECONDS = 5.0
"""Clocks further apart than this make embargoes lift and delays count wrongly."""
KAFKA, ELASTICSEARCH = (4, 0), (8, 19)
"""The oldest versions that the tests run on."""
TOPIC_PRIVILEGES = frozenset({"READ", "WRITE", "DESCRIBE"})
INDEX_PRIVILEGES = ("read", "write", "view_index_metadata")


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check."""

    area: str
    level: Level
    what: str
    todo: str = ""
    """What to do about it; empty for what is well."""


def ok(area: str, what: str) -> Finding:
    """Returns a finding that asks for nothing."""
    return Finding(area, "ok", what)


def examine(settings: Settings) -> Iterator[Finding]:
    """Yields the findings of every check; one that can't go on is a finding itself."""
    for area, check in CHECKS.items():
        try:
            yield from check(settings)
        except NewswireError as error:
            yield Finding(area, "fault", str(error), _TODO[area])


def _disk(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir
    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not os.access(there, os.W_OK):
        todo = f"let user {os.getuid()} write there, or set data_dir"
        yield Finding("disk", "fault", f"{there} can't be written", todo)
    free = shutil.disk_usage(there).free
    what = f"{path.absolute()}: {free / GIB:.1f} GiB free"
    if free < LITTLE_SPACE:
        yield Finding("disk", "warning", what, "free some, or set data_dir to another disk")
    else:
        yield ok("disk", what)


def _kafka(settings: Settings) -> Iterator[Finding]:
    require_admission(settings.kafka)
    with broker_errors(settings.kafka), _admin(settings) as admin:
        brokers, version = _cluster(admin)
        yield ok("kafka", f"{', '.join(settings.kafka.brokers)} answers")
        if version and version < KAFKA:
            what = f"Kafka {_dotted(version)} is older than the {_dotted(KAFKA)} that is tested"
            yield Finding("kafka", "warning", what, "upgrade the brokers")
        elif version:
            yield ok("kafka", f"version {_dotted(version)}")
        yield from redundancy(settings, brokers)
        yield from _topics(settings, admin)


def redundancy(settings: Settings, brokers: int | None) -> Iterator[Finding]:
    """Yield what a lost broker would do; their number is None where the engine tells none."""
    replication, named = settings.topics.replication, len(settings.kafka.brokers)
    if brokers is not None and brokers < replication:
        what = f"{brokers} brokers can't hold topics.replication = {replication} copies"
        yield Finding("kafka", "fault", what, "start more brokers, or lower topics.replication")
    elif replication < 3:
        what = f"topics.replication is {replication}: a lost broker loses stories"
        yield Finding("kafka", "warning", what, "in production use 3, with min_insync 2")
    if brokers is not None and named == 1 < brokers:
        what = f"kafka.brokers names one of {brokers}: without that one no process starts"
        yield Finding("kafka", "warning", what, "name all of them")


@contextmanager
def _admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(**client_options(settings.kafka), request_timeout_ms=20_000)
    try:
        yield admin
    finally:
        admin.close()


def _cluster(admin: KafkaAdminClient) -> tuple[int | None, tuple[int, int] | None]:
    """Returns the number of brokers and the oldest version; None where the engine tells none."""
    try:
        found = [broker["broker_id"] for broker in admin.describe_cluster()["brokers"]]
        versions = [admin.get_broker_version_data(each).broker_version for each in found]
    except KeyError:  # the embedded engine answers without all fields
        return None, None
    return len(found), min(version[:2] for version in versions)


def _topics(settings: Settings, admin: KafkaAdminClient) -> Iterator[Finding]:
    wanted = topic_configs(settings)
    found = {topic["name"]: topic for topic in admin.describe_topics() if topic["name"] in wanted}
    for name, configs in wanted.items():
        if name not in found:
            yield Finding("topics", "fault", f"topic {name} is missing", "run `newswire setup`")
            continue
        faults = list(_unfit(settings, admin, name, found[name], configs))
        yield from faults or [ok("topics", f"{name}: {len(found[name]['partitions'])} partitions")]


def _unfit(
    settings: Settings,
    admin: KafkaAdminClient,
    name: str,
    topic: dict[str, Any],
    configs: dict[str, str],
) -> Iterator[Finding]:
    parts = topic["partitions"]
    expected = Topics(settings.topics.prefix).partitions(name, settings.topics.partitions)
    if len(parts) != expected:
        what = f"{name} has {len(parts)} partitions, not {expected}: versions of a story part ways"
        todo = "set topics.partitions to what all have, or use another topics.prefix"
        yield Finding("topics", "fault", what, todo)
    for part in parts:
        if part["leader_id"] < 0:
            what = f"{name}/{part['partition_index']} has no leader"
            yield Finding("topics", "fault", what, "start the brokers that hold it")
        elif len(part["isr_nodes"]) < len(part["replica_nodes"]):
            what = (
                f"{name}/{part['partition_index']}: {len(part['isr_nodes'])} of "
                f"{len(part['replica_nodes'])} replicas are in sync"
            )
            yield Finding("topics", "warning", what, "look at the brokers' logs")
    allowed = set(topic.get("authorized_operations") or TOPIC_PRIVILEGES)
    if missing := TOPIC_PRIVILEGES - allowed:
        what = f"no privilege to {', '.join(sorted(missing))} {name}"
        yield Finding("topics", "warning", what, "grant what SECURITY.md lists for each process")
    resource = ConfigResource("TOPIC", name, configs=configs)
    there = admin.describe_configs([resource], config_filter="all")["topic"][name]
    differ = [
        f"{key} is {there[key]['value']}, not {value}"
        for key, value in configs.items()
        if key in there and str(there[key]["value"]) != value
    ]
    if differ:
        yield Finding("topics", "fault", f"{name}: {'; '.join(differ)}", "run `newswire setup`")


def _index(settings: Settings) -> Iterator[Finding]:
    elastic = settings.elasticsearch
    with translated(elastic, quotes_no_story=True), connect_sync(elastic) as client:
        health = client.cluster.health()
        yield ok("index", f"{', '.join(elastic.url)} answers")
        yield from _nodes(client)
        color, nodes = health["status"], health["number_of_data_nodes"]
        if color == "red":
            todo = "find the reason with GET _cluster/allocation/explain"
            yield Finding("index", "fault", "the cluster is red: some stories are away", todo)
        elif elastic.replicas == 0 or nodes < 2:
            what = f"{nodes} data nodes, elasticsearch.replicas = {elastic.replicas}: one lost node"
            todo = "in production use 3 nodes and 1 replica"
            yield Finding("index", "warning", f"{what} stops the search", todo)
        else:
            yield ok("index", f"cluster {color}, {nodes} data nodes")
        yield from _schema(client, elastic.index)
        yield from _index_privileges(client, elastic.index)
        yield from _analyzers(client, settings)


def _nodes(client: Elasticsearch) -> Iterator[Finding]:
    versions = set()
    for node in client.nodes.info(filter_path="nodes.*.version")["nodes"].values():
        versions.add(tuple(int(part) for part in node["version"].split(".")[:2]))
    oldest = min(versions)
    if oldest < ELASTICSEARCH:
        what = f"Elasticsearch {_dotted(oldest)} is older than {_dotted(ELASTICSEARCH)}"
        yield Finding("index", "warning", f"{what}, the oldest that is tested", "upgrade it")
    else:
        yield ok("index", f"version {', '.join(_dotted(each) for each in sorted(versions))}")
    skew = client.cluster.stats()["timestamp"] / 1000 - time.time()
    if abs(skew) > MOST_SKEW_SECONDS:
        what = f"Elasticsearch's clock is {skew:+.0f} s from this machine's"
        yield Finding("clock", "fault", what, "let NTP set the clocks of all machines")
    else:
        yield ok("clock", f"within {MOST_SKEW_SECONDS:.0f} s of Elasticsearch's")
    for node in client.nodes.stats(metric="fs")["nodes"].values():
        total = node["fs"]["total"]
        free = total["available_in_bytes"]
        what = f"Elasticsearch node {node.get('name', '?')}: {free / GIB:.0f} GiB free"
        if free < max(LITTLE_SPACE, total["total_in_bytes"] * 0.10):
            todo = "add disk, or delete old indices: at 5 % free it refuses every write"
            yield Finding("disk", "fault", what, todo)
        else:
            yield ok("disk", what)


def _schema(client: Elasticsearch, base: str) -> Iterator[Finding]:
    if not client.indices.exists_alias(name=write_alias(base)):
        what = f"alias {write_alias(base)} is missing"
        yield Finding("index", "fault", what, "run `newswire setup`")
        return
    for name, index in client.indices.get_mapping(index=write_alias(base)).items():
        found = index["mappings"].get("_meta", {}).get("newswire_schema")
        if found != SCHEMA:
            what = f"index {name} has schema {found}, this newswire writes {SCHEMA}"
            yield Finding("index", "fault", what, "run `newswire reindex`")
        else:
            count = client.count(index=read_alias(base))["count"]
            yield ok("index", f"{name}: schema {SCHEMA}, {count:,} stories")
    blocks = client.indices.get_settings(index=f"{base}*", name="index.blocks.*")
    for name, index in blocks.items():
        on = [k for k, v in index["settings"]["index"]["blocks"].items() if str(v) == "true"]
        if on:
            todo = "remove the block once its reason is gone (a full disk sets read_only)"
            yield Finding("index", "fault", f"{name} is blocked: {', '.join(on)}", todo)


def _index_privileges(client: Elasticsearch, base: str) -> Iterator[Finding]:
    wanted = {"names": [f"{base}*"], "privileges": list(INDEX_PRIVILEGES)}
    try:
        answer = client.security.has_privileges(index=[wanted])
    except ApiError:  # security is off, or the engine has none
        yield ok("index", "asks for no credentials")
        return
    missing = {
        privilege
        for granted in answer["index"].values()
        for privilege, has in granted.items()
        if not has
    }
    if missing:
        what = f"no privilege to {', '.join(sorted(missing))} {base}*"
        yield Finding("index", "fault", what, "grant what SECURITY.md lists for each process")


def _analyzers(client: Elasticsearch, settings: Settings) -> Iterator[Finding]:
    try:
        found = available(client, settings.elasticsearch)
        yield ok("analyzers", summary(found, settings.elasticsearch))
    except SetupError as error:
        todo = "install its plugin on every node, or change elasticsearch.analyzers"
        yield Finding("analyzers", "fault", str(error), todo)


def _feeds(settings: Settings) -> Iterator[Finding]:
    rows = check_feeds(settings)
    if not rows:
        yield Finding("feeds", "warning", "no feed is declared", "see docs/feeds.md")
    for row in rows:
        if not row.enabled:
            yield ok("feeds", f"{row.feed}: disabled")
        elif row.failure:
            todo = f"run `newswire feeds check {row.feed}`"
            yield Finding("feeds", "fault", f"{row.feed}: {row.failure}", todo)
        elif row.bad:
            what = f"{row.feed}: {len(row.bad)} deliveries can't be read: {row.bad[0]}"
            yield Finding("feeds", "warning", what, f"run `newswire feeds check {row.feed}`")
        else:
            yield ok("feeds", f"{row.feed}: {row.source}, newest {row.newest_at or 'none yet'}")


def _alerts(settings: Settings) -> Iterator[Finding]:
    yield ok("alerts", f"{len(saved_searches(settings))} saved searches")


def _models(settings: Settings) -> Iterator[Finding]:
    enrichment = settings.enrichment
    if enrichment.model == "none":
        yield ok("models", "enrichment.model is none: stories get no names and places")
        return
    from pipeline.enrich.models import chosen, installed  # spaCy takes a second to import

    found = installed()
    names = {model.name for model in found}
    for name in [enrichment.model, *sorted(set(chosen(enrichment.languages, found).values()))]:
        if name in names:
            yield ok("models", name)
        else:
            todo = "run `newswire models install LANGUAGE`, or change [enrichment]"
            yield Finding("models", "fault", f"{name} is not installed", todo)
    path = enrichment.gazetteer or folder(settings)
    if enrichment.gazetteer and not path.exists():
        todo = "see `newswire gazetteer build`"
        yield Finding("models", "fault", f"enrichment.gazetteer {path} is missing", todo)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


CHECKS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "disk": _disk,
    "kafka": _kafka,
    "index": _index,
    "models": _models,
    "feeds": _feeds,
    "alerts": _alerts,
}
"""The checks by the area that they look at."""

_TODO = {
    "disk": "see data_dir in docs/settings.md",
    "kafka": "start the brokers, or set [kafka]: `newswire config show` says what is in force",
    "index": "start it, or set [elasticsearch]: `newswire config show` says what is in force",
    "models": "run `newswire models list`",
    "feeds": "correct the feeds file, see docs/feeds.md",
    "alerts": "correct the alerts file, see docs/alerts.md",
}
"""What to do where a check could not go on."""
