"""Both engines speak Kafka's and Elasticsearch's protocol as far as the pipeline needs them."""

from functools import partial

import pytest
from elasticsearch import ConflictError, Elasticsearch
from kafka import KafkaProducer

from tests.integration import topics
from tests.servers import Engine


def test_produce_and_consume(engine: Engine, prefix: str) -> None:
    """What is produced with acknowledgement by all replicas is consumed in its order."""
    topics.create(engine.brokers, prefix)
    producer = KafkaProducer(bootstrap_servers=engine.brokers, acks="all", enable_idempotence=True)
    for number in range(20):
        producer.send(prefix, key=b"story", value=b"%d" % number).get(timeout=30)
    producer.close()
    assert topics.values(engine.brokers, prefix) == [b"%d" % number for number in range(20)]


def test_external_versions(engine: Engine, prefix: str) -> None:
    """An older external version is refused as a conflict, and the newer document stays."""
    with Elasticsearch(engine.elasticsearch_url) as index:
        write = partial(index.index, index=prefix, id="story", version_type="external")
        write(document={"headline": "second"}, version=2)
        with pytest.raises(ConflictError):
            write(document={"headline": "first"}, version=1)
        write(document={"headline": "third"}, version=3)
        index.indices.refresh(index=prefix)
        found = index.search(index=prefix, query={"match": {"headline": "third"}}, version=True)
    assert [(hit["_id"], hit["_version"]) for hit in found["hits"]["hits"]] == [("story", 3)]
