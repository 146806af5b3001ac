"""Kafka to Elasticsearch: the record, its versions, enrichment, index and search."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("newswire")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+unknown"
