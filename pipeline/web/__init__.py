"""The web process: the search API and the pages, as one ASGI application."""
