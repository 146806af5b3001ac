"""Process 3: the search API and the page, as one ASGI application."""
