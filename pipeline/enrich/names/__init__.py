"""Names: which mentions are names, of what kind, and which are one entity."""
