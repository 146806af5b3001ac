"""RSS and Atom by polling, with ETag and Last-Modified (RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from pydantic import BaseModel, ConfigDict, Field

from connectors.cursor import Cursor
from connectors.sources.base import Delivery
from pipeline.errors import SourceUnavailable


class RssOptions(BaseModel):
    """The keys of a feed with `source = "rss"`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(pattern=r"^https?://")
    interval_seconds: float = Field(default=60.0, gt=0)
    timeout_seconds: float = Field(default=20.0, gt=0)
    max_bytes: int = Field(default=16 * 1024 * 1024, ge=1)
    """A longer answer is cut off and counts as a failure of the source."""
    user_agent: str = "newswire/0.1"


class Rss:
    """One feed document: a delivery each time that the server says it has changed."""

    def __init__(self, options: RssOptions, transport: httpx.BaseTransport | None = None) -> None:
        self.options = options
        self.interval_seconds = options.interval_seconds
        self._client = httpx.Client(
            timeout=options.timeout_seconds,
            follow_redirects=True,
            headers={"User-Agent": options.user_agent},
            transport=transport,
        )

    def poll(self, cursor: Cursor) -> Iterator[Delivery]:
        """The document, unless it is as it was; see `Source.poll`."""
        headers = {}
        if etag := cursor.get("etag"):
            headers["If-None-Match"] = etag
        if modified := cursor.get("last-modified"):
            headers["If-Modified-Since"] = modified
        url = self.options.url
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                if response.status_code == httpx.codes.NOT_MODIFIED:
                    return
                response.raise_for_status()
                raw = b""
                for chunk in response.iter_bytes():
                    raw += chunk
                    if len(raw) > self.options.max_bytes:
                        raise SourceUnavailable(
                            f"{url}: longer than {self.options.max_bytes:,} bytes"
                        )
        except httpx.HTTPError as error:
            raise SourceUnavailable(f"{url}: {error}") from error
        state = {
            name: response.headers[name]
            for name in ("etag", "last-modified")
            if name in response.headers
        }
        yield Delivery(raw=raw, name=url, state=state)

    def settled(self) -> bool:
        """True: a document comes whole."""
        return True

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
