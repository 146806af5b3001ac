"""Turns a search into an Elasticsearch body, reads the index, and turns responses into results."""
