"""Kafka as every process uses it: options, errors, messages, publishing, reading."""
