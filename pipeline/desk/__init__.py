"""The people who use the page: their roles, sources and tokens."""
