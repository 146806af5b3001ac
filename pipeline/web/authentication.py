"""Token authentication of every request.

Browsers and feed readers send the token as the password of HTTP's Basic scheme, with any
user name, since they ask for a password by themselves. Programs may send it as a Bearer token.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence

from fastapi import Request
from pydantic import SecretStr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.process.guesses import Guesses


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

    A client that sent too many wrong tokens gets 429 for a while.
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
        if wait := self._guesses.wait_seconds(client(request)):
            await too_many(wait)(scope, receive, send)
            return
        given = sent_token(request.headers.get("authorization"))
        if given is not None and any(is_token(given, token) for token in self._tokens):
            await self._app(scope, receive, send)
            return
        if given is not None:
            self._guesses.wrong(client(request))
        await JSONResponse(
            {"detail": "A token is required: the one in NEWSWIRE_WEB__TOKEN."},
            401,
            {"WWW-Authenticate": 'Basic realm="newswire", charset="UTF-8"'},
        )(scope, receive, send)


def too_many(wait_seconds: int) -> JSONResponse:
    """Return the answer for a client that sent too many wrong tokens."""
    return JSONResponse(
        {"detail": "Too many wrong tokens. Wait, then try again."},
        429,
        {"Retry-After": str(wait_seconds)},
    )
