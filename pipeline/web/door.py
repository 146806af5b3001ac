"""Who may read: everybody on the loopback, or whoever shows the token.

The token is the password of HTTP's Basic scheme, with any name, so that browsers and feed
readers ask for it by themselves; programs may send it as a Bearer token.
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


def shown(authorization: str | None) -> str | None:
    """The token of an Authorization header, None where it has none."""
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return None


def fits(given: str, token: SecretStr | None) -> bool:
    """Whether it is the token, in a time that does not tell how much of it is right."""
    if token is None:
        return False
    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())


def client(request: Request) -> str:
    """Whose guesses are counted together."""
    return request.client.host if request.client else ""


class Door:
    """ASGI middleware that lets in who shows one of the tokens; without tokens, everybody.

    Who guesses is answered 429 for a while, whatever is shown.
    """

    def __init__(self, app: ASGIApp, tokens: Sequence[SecretStr], guesses: Guesses) -> None:
        self._app = app
        self._tokens = tokens
        self._guesses = guesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 401 or 429."""
        if scope["type"] != "http" or not self._tokens:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if wait := self._guesses.wait_seconds(client(request)):
            await too_many(wait)(scope, receive, send)
            return
        given = shown(request.headers.get("authorization"))
        if given is not None and any(fits(given, token) for token in self._tokens):
            await self._app(scope, receive, send)
            return
        if given is not None:
            self._guesses.wrong(client(request))
        await JSONResponse(
            {"detail": "this needs the token that newswire was started with (web.token)"},
            401,
            {"WWW-Authenticate": 'Basic realm="newswire", charset="UTF-8"'},
        )(scope, receive, send)


def too_many(wait_seconds: int) -> JSONResponse:
    """The answer to who was wrong too often."""
    return JSONResponse(
        {"detail": "too many wrong tokens: wait"}, 429, {"Retry-After": str(wait_seconds)}
    )
