"""The forms that pages send."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import HTTPException, Request

MAX_BYTES = 4096


async def read_form(request: Request, most: int = MAX_BYTES) -> dict[str, str]:
    """Read the fields of a small form, each with its last value.

    Raises:
        HTTPException: 413, the form is larger than `most` bytes.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise HTTPException(413)
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}
