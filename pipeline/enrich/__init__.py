"""Enrichment: from a story to its entities, places and quotes."""
