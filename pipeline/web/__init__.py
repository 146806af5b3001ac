"""Process 3: the search API, the page, alerts and operations, as one ASGI application."""
