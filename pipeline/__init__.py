"""Kafka to Elasticsearch: the record, its versions, enrichment, index and search."""

__version__ = "0.1.0"
"""The version of newswire. It stands here alone; the build reads it."""
