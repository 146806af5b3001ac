"""What is left, against what must be left: index, compacted topic, dead letters.

Documents are compared as bytes with those of a calm run of the same deliveries. Only the
stamps of the run itself are taken out first: when a story was received, enriched and indexed,
the offset that it was indexed from, and which number a version without one was found to follow.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from config.settings import Settings
from pipeline.events.fingerprints import fingerprint
from pipeline.events.groups import Groups
from pipeline.index.client import connect_sync
from pipeline.index.deadletters import deadletters_index
from pipeline.index.events import events_index
from pipeline.index.history import history_index
from pipeline.kafka.options import client_options
from pipeline.search.visible import ANYBODY, is_visible, visible
from pipeline.stream.indexing import STAMPS
from pipeline.wire.deadletter import letter_name
from pipeline.wire.topics import Topics
from tests.torture.model import JUMPS, NOON, Wire
from tests.torture.site import Site

SETTLE_SECONDS = 240.0
COMPACTION_SECONDS = 45.0
FILLER = b"\0filler"
"""Key of the records that make the broker begin a new segment; they have no value."""

HOURS = (0, 2, 31, 901)
"""The clock jumps to so long after an agency's time, for embargoes."""


class NotSettled(Exception):
    """The pipeline did not come to rest in time; the message says what it waits for."""


def settle(site: Site, seconds: float = SETTLE_SECONDS) -> float:
    """Wait until every file is delivered and every record taken; how long that took.

    Raises:
        NotSettled: it took longer.
    """
    began = time.monotonic()
    quiet = 0
    while time.monotonic() - began < seconds:
        time.sleep(0.5)
        waiting = site.undelivered()
        lag = _lag(site) if not waiting else {}
        # Twice in a row: what is restored is written before its cause is committed.
        quiet = quiet + 1 if not waiting and not lag else 0
        if quiet == 2:
            return time.monotonic() - began
    raise NotSettled(f"{waiting} files are not delivered; lag {lag}")


def _lag(site: Site) -> dict[str, int]:
    """Records that workers and alerts still have to take, by partition, where there are any."""
    settings = site.settings
    topics = Topics(settings.topics.prefix)
    try:
        consumer = _consumer(settings, group_id=settings.kafka.group)
        try:
            parts = [
                TopicPartition(topic, partition)
                for topic in topics.taken
                for partition in range(topics.partitions(topic, settings.topics.partitions))
            ]
            ends = consumer.end_offsets(parts)
            lag = {part: ends[part] - (consumer.committed(part) or 0) for part in parts}
        finally:
            consumer.close()
    except KafkaError as error:
        return {repr(error): -1}
    enriched = {part.partition: end for part, end in ends.items() if part.topic == topics.enriched}
    waiting = {f"{part.topic}/{part.partition}": n for part, n in lag.items()}
    waiting["alerts"] = site.untold(enriched)
    return {what: n for what, n in waiting.items() if n}


def documents(settings: Settings) -> dict[str, bytes]:
    """Every document behind the alias, by id, without the stamps of the run."""
    with connect_sync(settings.elasticsearch) as client:
        client.indices.refresh(index=settings.elasticsearch.index)
        hits = _search(client, settings.elasticsearch.index, {"match_all": {}})
    return {hit["_id"]: _without_stamps(hit["_source"]) for hit in hits}


def _search(client: Elasticsearch, index: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = client.search(index=index, query=query, size=10_000, version=True)
    hits: list[dict[str, Any]] = found["hits"]["hits"]
    return hits


def _without_stamps(source: dict[str, Any]) -> bytes:
    kept = {k: v for k, v in source.items() if k not in STAMPS | {"received_at", "follows"}}
    if source.get("published_at") == source.get("received_at"):
        kept.pop("published_at", None)  # of a date that lies in the future: the receipt's
    kept["provenance"] = {k: v for k, v in kept["provenance"].items() if k != "enriched_at"}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)


def index_differences(
    wire: Wire, settings: Settings, calm: Mapping[str, bytes] | None = None
) -> Iterator[str]:
    """How the index differs from the model, and from a calm run of the same deliveries."""
    found = documents(settings)
    for story_id, version in wire.newest.items():
        if story_id not in found:
            yield f"index: {story_id} is missing"
            continue
        document = orjson.loads(found[story_id])
        if document.get("version") != version.number:
            yield f"index: {story_id} is {document.get('version')}, not {version.number}"
        if (document["status"] == "withdrawn") != version.killed:
            yield f"index: {story_id} is {document['status']}"
        if not version.killed and version.marker not in document["body"]:
            yield f"index: {story_id} has the words of another version"
        if calm is not None and found[story_id] != calm.get(story_id):
            yield f"index: {story_id} is not the document of the calm run"
    for story_id in found.keys() - wire.newest.keys():
        yield f"index: {story_id} was never delivered"
    yield from _killed("index", wire, found.items())
    yield from _history_differences(wire, settings)
    yield from _embargoes(wire, settings)


def _history_differences(wire: Wire, settings: Settings) -> Iterator[str]:
    """Of the versions kept beside the index, what is of no story or of a killed one."""
    index = history_index(settings.elasticsearch.index)
    with connect_sync(settings.elasticsearch) as client:
        client.indices.refresh(index=index)
        hits = _search(client, index, {"match_all": {}})
    hits = [hit for hit in hits if hit["_source"]]  # a purged version leaves an empty document
    kept = {hit["_id"]: orjson.dumps(hit["_source"]) for hit in hits}
    for hit in hits:
        newest = wire.newest.get(hit["_source"]["story_id"])
        if newest is None or newest.killed:  # a kill leaves none
            yield f"history: {hit['_id']} is kept"
    yield from _killed("history", wire, kept.items())
    for story_id, version in wire.newest.items():
        texts = [kept[h["_id"]] for h in hits if h["_source"]["story_id"] == story_id]
        if not version.killed and not any(version.marker.encode() in text for text in texts):
            yield f"history: {story_id} is missing, or its newest version is"


def event_differences(settings: Settings) -> Iterator[str]:
    """How the events differ from those of a fresh clustering of what the index has."""
    now = datetime.now(UTC)
    groups = Groups(settings.events.window_days)
    index = events_index(settings.elasticsearch.index)
    with connect_sync(settings.elasticsearch) as client:
        client.indices.refresh(index=index)
        stories = _search(client, settings.elasticsearch.index, {"match_all": {}})
        found = {hit["_id"]: hit["_source"] for hit in _search(client, index, {"match_all": {}})}
    for hit in stories:
        groups.take(hit["_id"], fingerprint(hit["_source"], hit["_version"], now))
    fresh = groups.settle().places
    for hit in stories:
        story, is_shown = hit["_id"], is_visible(hit["_source"], now, ANYBODY)
        event = found.get(story, {}).get("event")
        if story in fresh and event != fresh[story].event:
            yield f"events: {story} is in {event}, not in {fresh[story].event}"
        if event is not None and not is_shown:
            yield f"events: {story} may not be shown and is in {event}"
    hidden = {hit["_id"] for hit in stories if not is_visible(hit["_source"], now, ANYBODY)}
    for story, source in found.items():
        if source.get("event") in hidden:
            yield f"events: {story} is in an event that is named by a hidden story"


def _embargoes(wire: Wire, settings: Settings) -> Iterator[str]:
    """Which stories a search shows, with the clock at many times."""
    with connect_sync(settings.elasticsearch) as client:
        for jump in JUMPS:
            for hours in HOURS:
                now: datetime = NOON + jump + timedelta(hours=hours)
                hits = _search(client, settings.elasticsearch.index, visible(now, ANYBODY))
                shown = {hit["_id"] for hit in hits}
                for story_id in sorted(shown ^ wire.visible(now)):
                    yield f"embargo: {story_id} is {'' if story_id in shown else 'not '}shown {now}"


def topic_differences(wire: Wire, settings: Settings) -> Iterator[str]:
    """How the enriched topic differs, once it is compacted: one record a story, the newest.

    To be called while no worker runs.
    """
    topic = Topics(settings.topics.prefix).enriched
    _compact(settings, topic)
    deadline = time.monotonic() + COMPACTION_SECONDS
    while True:
        records = [r for r in _records(settings, topic) if r.key != FILLER]
        if len({record.key for record in records}) == len(records):
            break
        if time.monotonic() > deadline:
            yield "topic: was not compacted in time"
            return
        time.sleep(1.0)
    newest = {record.key.decode(): record.value for record in records}
    for story_id, version in wire.newest.items():
        if story_id not in newest:
            yield f"topic: {story_id} is missing"
            continue
        story = orjson.loads(newest[story_id])["story"]
        if (story["version"], story["status"] == "withdrawn") != (version.number, version.killed):
            yield f"topic: {story_id} is {story['version']} {story['status']}"
        elif not version.killed and version.marker not in story["body"]:
            yield f"topic: {story_id} has the words of another version"
    for story_id in newest.keys() - wire.newest.keys():
        yield f"topic: {story_id} was never delivered"
    yield from _killed("topic", wire, newest.items())


def _compact(settings: Settings, topic: str) -> None:
    """Have the broker compact all that the topic holds now."""
    admin = KafkaAdminClient(**client_options(settings.kafka))
    try:
        configs = {
            "min.compaction.lag.ms": "0",
            "max.compaction.lag.ms": "1000",
            "min.cleanable.dirty.ratio": "0.001",
            "segment.ms": "1000",
        }
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])
    finally:
        admin.close()
    time.sleep(1.2)  # a segment that is older than `segment.ms` ends with the next record
    producer = KafkaProducer(**client_options(settings.kafka))
    try:
        for partition in range(settings.topics.partitions):
            producer.send(topic, key=FILLER, value=None, partition=partition).get(20)
    finally:
        producer.close()


def letter_differences(wire: Wire, settings: Settings) -> Iterator[str]:
    """How the dead letters differ: every damaged delivery, with its bytes, and nothing else."""
    records = list(_records(settings, Topics(settings.topics.prefix).deadletter))
    raws = {record.value for record in records}
    for raw in set(wire.damaged) - raws:
        yield f"dead letters: {raw[:60]!r} is missing"
    for record in records:
        if record.value not in wire.damaged:
            reason = dict(record.headers).get("reason", b"?").decode()
            yield f"dead letters: {record.key.decode()} should not be there: {reason}"
    yield from _killed("dead letters", wire, ((str(r.offset), r.value) for r in records))
    index = deadletters_index(settings.elasticsearch.index)
    with connect_sync(settings.elasticsearch) as client:
        client.indices.refresh(index=index)
        told = {hit["_source"]["name"] for hit in _search(client, index, {"match_all": {}})}
    for name in told ^ {letter_name(record.partition, record.offset) for record in records}:
        yield f"dead letters: {name} is {'told' if name in told else 'not told'} by the index"


def alert_differences(wire: Wire, settings: Settings) -> Iterator[str]:
    """What receivers hold of each story after all they were told, against what they must know."""
    told: dict[str, list[dict[str, Any]]] = {}
    for record in _records(settings, Topics(settings.topics.prefix).alerts):
        told.setdefault(record.key.decode(), []).append(orjson.loads(record.value))
    visible = wire.visible(datetime.now(UTC))
    for story_id, version in wire.newest.items():
        held = _held(told.pop(story_id, []))
        if story_id in visible:
            if held is None or version.marker not in held["story"]["body"]:
                yield f"alerts: {story_id}: its receivers do not hold the newest version"
        elif held is not None:
            yield f"alerts: {story_id}: its receivers were not told that it is gone"
    for story_id in told:
        yield f"alerts: {story_id} was never delivered"


def _held(notices: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """What a receiver holds who does what docs/alerts.md says of ranks."""
    held: dict[str, Any] | None = None
    for notice in notices:
        if notice["type"] != "alert.withdrawn":
            held = notice if held is None or notice["rank"] >= held["rank"] else held
        elif held and held["rank"] <= notice["rank"]:
            held = None
    return held


def web_differences(wire: Wire, site: Site) -> Iterator[str]:
    """What the API shows, against what may be seen: each visible story, and no killed version."""
    visible = wire.visible(datetime.now(UTC))
    with httpx.Client(base_url=f"http://127.0.0.1:{site.web_port}", timeout=30) as client:
        answers = [client.get("/api/search", params={"size": 100})]
        while cursor := answers[-1].json().get("cursor"):
            params = {"size": 100, "cursor": cursor}
            answers.append(client.get("/api/search", params=params))
        shown = {hit["id"] for answer in answers for hit in answer.json()["hits"]}
        for story_id in sorted(shown ^ visible):
            yield f"web: {story_id} is {'' if story_id in shown else 'not '}shown"
        pages = ((name, client.get(f"/api/versions/{name}")) for name in wire.newest)
        yield from _killed("web", wire, ((name, page.content) for name, page in pages))


def _killed(where: str, wire: Wire, texts: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    words = wire.killed_words
    for name, text in texts:
        if any(word in text for word in words):
            yield f"{where}: {name} has words of a killed story"


def _records(settings: Settings, topic: str) -> Iterator[Any]:
    """Every record of a topic, as kafka-python has it."""
    consumer = _consumer(settings)
    try:
        parts = [TopicPartition(topic, n) for n in range(settings.topics.partitions)]
        consumer.assign(parts)
        ends = consumer.end_offsets(parts)
        consumer.seek_to_beginning(*parts)
        while any(consumer.position(part) < ends[part] for part in parts):
            for records in consumer.poll(timeout_ms=500).values():
                yield from records
    finally:
        consumer.close()


def _consumer(settings: Settings, **options: Any) -> Any:
    return KafkaConsumer(
        **client_options(settings.kafka),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **options,
    )
