"""Enriched stories to Elasticsearch documents, and the index that holds them."""
