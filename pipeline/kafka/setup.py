"""Creates and configures the topics."""

from __future__ import annotations

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.errors import TopicAlreadyExistsError

from config.settings import Settings
from pipeline.kafka.errors import broker_errors, require_admission
from pipeline.kafka.options import client_options
from pipeline.wire.errors import SetupError
from pipeline.wire.topics import Topics

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def topic_configs(settings: Settings) -> dict[str, dict[str, str]]:
    """Return the configuration of each topic, by name, in Kafka's own terms."""
    topics = Topics(settings.topics.prefix)
    common = {
        "min.insync.replicas": str(settings.topics.min_insync_replicas),
        "max.message.bytes": str(settings.kafka.max_request_bytes + 64 * 1024),
    }
    stories = {
        **common,
        "cleanup.policy": "delete",
        "retention.ms": str(settings.topics.stories_retention_hours * HOUR_MS),
    }
    return {
        **dict.fromkeys(topics.lanes, stories),
        # Compacted by story id: the index can be rebuilt from it, and what was killed goes.
        topics.enriched: {
            **common,
            "cleanup.policy": "compact",
            "min.cleanable.dirty.ratio": "0.1",
            # Until the index has it, a newest version must outlive a late older one.
            "min.compaction.lag.ms": str(6 * HOUR_MS),
            "max.compaction.lag.ms": str(DAY_MS),
            "segment.ms": str(DAY_MS),
        },
        # By story id too: what a kill or a later version replaces goes within a day.
        topics.fingerprints: {
            **common,
            "cleanup.policy": "compact,delete",
            "min.cleanable.dirty.ratio": "0.1",
            "max.compaction.lag.ms": str(DAY_MS),
            "segment.ms": str(DAY_MS),
            # Older stories have left the window; a day more, for the dates of agencies.
            "retention.ms": str((settings.events.window_days + 1) * DAY_MS),
        },
        topics.events: {
            **common,
            "cleanup.policy": "compact",
            "min.cleanable.dirty.ratio": "0.1",
            "segment.ms": str(DAY_MS),
        },
        topics.refused: {
            **common,
            "cleanup.policy": "delete",
            # Longer than a worker may be away: what is tried again is written again.
            "retention.ms": str(settings.topics.deadletter_retention_hours * HOUR_MS),
        },
        topics.alerts: {
            **common,
            "cleanup.policy": "delete",
            "retention.ms": str(settings.topics.alerts_retention_hours * HOUR_MS),
        },
        topics.deadletter: {
            **common,
            "cleanup.policy": "delete",
            "retention.ms": str(settings.topics.deadletter_retention_hours * HOUR_MS),
        },
    }


def setup_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing, and put right the configuration of the others.

    An enriched topic that is not compacted would keep what was killed, and the retention of a
    topic is the settings', so what differs is changed, and said. Partitions and replicas only a
    person can change.

    Raises:
        BrokerUnavailable: Kafka can't be reached.
        SetupError: a topic has another number of partitions than configured, or Kafka does not
            let us do this.
    """
    wanted = topic_configs(settings)
    topics = Topics(settings.topics.prefix)
    partitions = {n: topics.partitions(n, settings.topics.partitions) for n in wanted}
    require_admission(settings.kafka)
    with broker_errors(settings.kafka):
        admin = KafkaAdminClient(**client_options(settings.kafka), request_timeout_ms=20_000)
        try:
            there = {
                topic["name"]: [len(part["replica_nodes"]) for part in topic["partitions"]]
                for topic in admin.describe_topics()
                if topic["name"] in wanted
            }
            done = []
            for name, configs in wanted.items():
                if name not in there:
                    done.append(_create(admin, name, partitions[name], settings, configs))
                elif len(there[name]) != partitions[name]:
                    if partitions[name] != settings.topics.partitions:
                        raise SetupError(
                            f"topic {name} has {len(there[name])} partitions and must have one: "
                            "delete it, then run `newswire setup` and `newswire reindex`"
                        )
                    # Keys would move to other partitions and versions of a story part ways.
                    raise SetupError(
                        f"topic {name} has {len(there[name])} partitions, topics.partitions says "
                        f"{partitions[name]}: set it to what is there, or use another topics.prefix"
                    )
                else:
                    done += _fit(admin, name, settings, configs, min(there[name]))
            return done
        finally:
            admin.close()


def _create(
    admin: KafkaAdminClient, name: str, partitions: int, settings: Settings, configs: dict[str, str]
) -> str:
    topic = {
        "num_partitions": partitions,
        "replication_factor": settings.topics.replication,
        "configs": configs,
    }
    try:
        admin.create_topics({name: topic}, wait_for_metadata=True)
    except TopicAlreadyExistsError:  # another `setup` was quicker
        return f"topic {name} exists"
    return f"topic {name} ({partitions} partition{'s' if partitions > 1 else ''})"


def _fit(
    admin: KafkaAdminClient, name: str, settings: Settings, configs: dict[str, str], replicas: int
) -> list[str]:
    """Configure a topic that is there; what was changed, and what a person must change."""
    advice = []
    wanted = dict(configs)
    if replicas < settings.topics.replication:
        advice.append(
            f"topic {name} has {replicas} replicas, topics.replication says "
            f"{settings.topics.replication}: give it more with kafka-reassign-partitions.sh"
        )
        if replicas < settings.topics.min_insync_replicas:
            del wanted["min.insync.replicas"]  # nothing could be written to it
    resource = ConfigResource("TOPIC", name, configs=wanted)
    there = admin.describe_configs([resource], config_filter="all")["topic"][name]
    found = {key: str(there[key]["value"]) for key in wanted if key in there}
    differ = {key: value for key, value in wanted.items() if found.get(key) != value}
    if differ:
        admin.alter_configs([ConfigResource("TOPIC", name, configs=differ)])
    changes = [f"{key} {found.get(key, 'unset')} -> {value}" for key, value in differ.items()]
    return [f"topic {name} exists" + "".join(f", {change}" for change in changes), *advice]
