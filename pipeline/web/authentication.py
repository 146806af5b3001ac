"""Who sends a request: a user's token, a name from a trusted proxy, or a token of the settings.

Browsers and feed readers send a token as the password of HTTP's Basic scheme, with any user name,
since they ask for a password by themselves. Programs may send it as a Bearer token.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from fastapi import Request
from pydantic import SecretStr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from config.settings import Web
from pipeline.desk.users import Users
from pipeline.process.guesses import Guesses
from pipeline.search.visible import ANYBODY, Role, Viewer
from pipeline.wire.errors import ConfigError

log = logging.getLogger(__name__)

SLOW_SECONDS = 1.0
"""How long each wrong token waits for its answer after too many."""
OPEN = frozenset({"/healthz", "/readyz"})
"""Paths that need no token, and tell nothing of any story."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who sends a request."""

    key: str
    """Names the person in what is kept for him."""
    viewer: Viewer
    name: str = ""
    """The user's name; empty for those who share a token, and for the local reader."""


LOCAL = Person("local", ANYBODY)
"""Who reads where no token is required."""


def person(request: Request) -> Person:
    """Return who sends a request."""
    found: Person = request.state.person
    return found


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


class PeerKept:
    """ASGI middleware that keeps the address of the peer, before a proxy's headers replace it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["peer"] = (scope.get("client") or ("",))[0]
        await self._app(scope, receive, send)


class Identified:
    """ASGI middleware that finds out who sends a request, and refuses unknown people.

    A right token always passes. A client that sent too many wrong ones is answered slowly, with
    429, for a while. Without tokens, users and a proxy's header everybody is the local reader.
    """

    def __init__(self, app: ASGIApp, web: Web, users: Users, guesses: Guesses) -> None:
        self._app = app
        self._web = web
        self._users = users
        self._guesses = guesses
        self._proxies = _networks(web.proxy_addresses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its person, or answer 401, 429 or 503."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        found: Person | JSONResponse
        try:
            if scope["path"] in OPEN:
                found = LOCAL
            else:
                found = self._person(request) or await self._refusal(request)
        except ConfigError as error:
            log.error("nobody is let in", extra={"reason": str(error)})
            found = JSONResponse({"detail": "The list of users can't be read."}, 503)
        if isinstance(found, Person):
            scope.setdefault("state", {})["person"] = found
            await self._app(scope, receive, send)
        else:
            await found(scope, receive, send)

    def _person(self, request: Request) -> Person | None:
        """Return who sends the request, if that is known."""
        given = sent_token(request.headers.get("authorization"))
        if given is not None:
            if is_token(given, self._web.admin_token):
                return Person("token:admin", Viewer(Role.ADMIN))
            if is_token(given, self._web.token):
                return Person("token:reader", ANYBODY)
            if user := self._users.with_token(given):
                return Person(f"user:{user.name}", user.viewer, user.name)
        if name := self._sent_name(request):
            known = self._users.named(name)
            return Person(f"user:{name}", known.viewer if known else ANYBODY, name)
        return None

    def _sent_name(self, request: Request) -> str:
        """Return the name that a trusted proxy sends; what others send counts for nothing."""
        if self._web.user_header is None:
            return ""
        try:
            peer = ip_address(request.state.peer)
        except ValueError:
            return ""
        if not any(peer in network for network in self._proxies):
            return ""
        # A client's own header beside the proxy's: which is which can't be known.
        sent = request.headers.getlist(self._web.user_header)
        return sent[0].strip() if len(sent) == 1 else ""

    async def _refusal(self, request: Request) -> Person | JSONResponse:
        """Return the local reader where no token is required, else the refusal."""
        given = sent_token(request.headers.get("authorization"))
        if not (self._web.token or self._web.user_header or self._users.exist):
            if given is not None:
                self._guesses.wrong(client(request))
            return LOCAL
        if given is not None and (refused := await wrong_token(request, self._guesses)):
            return refused
        return JSONResponse(
            {"detail": "A token is required: your own, or the one in NEWSWIRE_WEB__TOKEN."},
            401,
            {"WWW-Authenticate": 'Basic realm="newswire", charset="UTF-8"'},
        )


def _networks(addresses: Sequence[str]) -> list[IPv4Network | IPv6Network]:
    found = []
    for address in addresses:
        try:
            found.append(ip_network(address, strict=False))
        except ValueError:  # "*" and names may forward an address, but name nobody
            continue
    return found


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
