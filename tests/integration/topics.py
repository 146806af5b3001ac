"""Topics, made and read to their end, as the tests need them."""

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition


def create(brokers: str, topic: str, partitions: int = 1) -> None:
    """Make a topic of one replica."""
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    try:
        admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}})
    finally:
        admin.close()


def values(brokers: str, topic: str, partition: int = 0) -> list[bytes]:
    """Every value of a partition, in order, up to its present end."""
    consumer = KafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False)
    try:
        place = TopicPartition(topic, partition)
        consumer.assign([place])
        consumer.seek_to_beginning(place)
        end = consumer.end_offsets([place])[place]
        read: list[bytes] = []
        while consumer.position(place) < end:
            for records in consumer.poll(timeout_ms=500).values():
                read.extend(record.value for record in records)
        return read
    finally:
        consumer.close()


def delete(brokers: str, topic: str) -> None:
    """Delete a topic, and wait until it is gone."""
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    try:
        admin.delete_topics([topic])
        while topic in admin.list_topics():
            pass
    finally:
        admin.close()
