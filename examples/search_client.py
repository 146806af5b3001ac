"""Page through a search: `python examples/search_client.py QUERY [URL]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import httpx


def hits(client: httpx.Client, query: str, most: int = 100) -> Iterator[dict[str, Any]]:
    """Yield stories that match, newest first, from as many pages as needed."""
    parameters = {"q": query, "sort": "newest", "size": "20", "facets": "false"}
    count = 0
    while True:
        answer = client.get("/api/search", params=parameters)
        answer.raise_for_status()
        page = answer.json()
        for hit in page["hits"]:
            yield hit
            count += 1
            if count == most:
                return
        if not page.get("cursor"):
            return
        parameters["cursor"] = page["cursor"]


def main(query: str, url: str = "http://127.0.0.1:8000") -> None:
    """Print date, source and headline of each story."""
    token = os.environ.get("NEWSWIRE_WEB__TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=url, headers=headers) as client:
        for hit in hits(client, query):
            print(hit["published_at"], hit["source"], hit["headline"]["text"])


if __name__ == "__main__":
    main(*sys.argv[1:3])
