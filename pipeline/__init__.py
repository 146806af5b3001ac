"""Kafka to Elasticsearch: the record, its versions, enrichment, index and search."""
