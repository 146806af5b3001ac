"""From what a reader asks to an Elasticsearch body, and from its response to a page. Pure."""
