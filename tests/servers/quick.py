"""Real servers that are started again and again: what a second compiler makes comes too late."""

from __future__ import annotations

from collections.abc import Mapping

from newswire.servers.elasticsearch import Elasticsearch
from newswire.servers.kafka import Kafka

FIRST_COMPILER_ALONE = "-XX:TieredStopAtLevel=1"


class QuickKafka(Kafka):
    """Kafka that starts quickly."""

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the server's process."""
        return {"JAVA_TOOL_OPTIONS": FIRST_COMPILER_ALONE}


class QuickElasticsearch(Elasticsearch):
    """Elasticsearch that starts quickly."""

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the server's process."""
        options = super().environment()
        return {**options, "ES_JAVA_OPTS": f"{options['ES_JAVA_OPTS']} {FIRST_COMPILER_ALONE}"}
