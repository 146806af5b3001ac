"""Pages in parts: browsers paint the first part while the index still searches for the rest."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.responses import Response, StreamingResponse

GZIP = 31
"""zlib's window bits for the gzip format, RFC 1952."""
LEVEL = 5


def streamed(request: Request, parts: AsyncIterator[str]) -> Response:
    """Send each part of a page as soon as it is ready, compressed if the client accepts that.

    It compresses by itself, since the framework's compression would hold parts back.
    """
    squeezed = "gzip" in request.headers.get("accept-encoding", "")

    async def chunks() -> AsyncIterator[bytes]:
        if not squeezed:
            async for part in parts:
                yield part.encode()
            return
        squeeze = zlib.compressobj(LEVEL, wbits=GZIP)
        async for part in parts:
            yield squeeze.compress(part.encode()) + squeeze.flush(zlib.Z_SYNC_FLUSH)
        yield squeeze.flush()

    encoding = {"Content-Encoding": "gzip"} if squeezed else {}
    headers = {"Vary": "Accept-Encoding", **encoding}
    return StreamingResponse(chunks(), media_type="text/html", headers=headers)
