"""Readers of single fields, shared by the formats."""
