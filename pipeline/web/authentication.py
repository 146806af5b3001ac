"""Token authentication of every request.

Browsers and feed readers send the token as the password of HTTP's Basic scheme, with any
user name, since they ask for a password by themselves. Programs may send it as a Bearer token.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Sequence

from fastapi import Request
from pydantic import SecretStr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.process.guesses import Guesses

SLOW_SECONDS = 1.0
"""How long each wrong token waits for its answer after too many."""


def sent_token(authorization: str | None) -> str | None:
    """Return the token of an Authorization header, or None if it has none."""
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return None


def is_token(given: str, token: SecretStr | None) -> bool:
    """Compare a text with the token, in constant time."""
    if token is None:
        return False
    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())


def client(request: Request) -> str:
    """Return the address that wrong tokens are counted by."""
    return request.client.host if request.client else ""


class TokenRequired:
    """ASGI middleware that requires one of the tokens; it passes everything if there are none.

    A right token always passes. A client that sent too many wrong ones is answered slowly, with
    429, for a while.
    """

    def __init__(self, app: ASGIApp, tokens: Sequence[SecretStr], guesses: Guesses) -> None:
        self._app = app
        self._tokens = tokens
        self._guesses = guesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401 or 429."""
        if scope["type"] != "http" or not self._tokens:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        given = sent_token(request.headers.get("authorization"))
        if given is not None:
            if any(is_token(given, token) for token in self._tokens):
                await self._app(scope, receive, send)
                return
            if refused := await wrong_token(request, self._guesses):
                await refused(scope, receive, send)
                return
        await JSONResponse(
            {"detail": "A token is required: the one in NEWSWIRE_WEB__TOKEN."},
            401,
            {"WWW-Authenticate": 'Basic realm="newswire", charset="UTF-8"'},
        )(scope, receive, send)


async def wrong_token(request: Request, guesses: Guesses) -> JSONResponse | None:
    """Count a wrong token, and return the delayed answer if the client sent too many."""
    wait = guesses.wait_seconds(client(request))
    guesses.wrong(client(request))
    if not wait:
        return None
    await asyncio.sleep(SLOW_SECONDS)
    return JSONResponse(
        {"detail": "Too many wrong tokens. Wait, then try again."},
        429,
        {"Retry-After": str(wait)},
    )
