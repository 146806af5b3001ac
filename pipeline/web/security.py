"""Security headers on every response, and the check of where changes come from.

A wire's text is hostile. The policy allows a page its own scripts and styles only: no inline
script, no other host, no frame around it. Text that were taken for markup would still do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address

from fastapi import HTTPException, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer a browser sends "Origin: null" for the page's own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:/@\[\]]+)(:\d{1,5})?")

CACHED = "private, no-cache"
"""Caches may store it and must revalidate it: a killed story leaves them at the next request."""


class SecurityHeaders:
    """ASGI middleware that adds HEADERS to every response.

    Args:
        app: the application.
        images: the origin of another host that images may come from.
    """

    def __init__(self, app: ASGIApp, images: str | None = None) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if images:
            policy = POLICY.replace("img-src 'self'", f"img-src 'self' {images}")
            self._headers["Content-Security-Policy"] = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", CACHED)
            await send(message)

        await self._app(scope, receive, with_headers)


class AllowedHosts:
    """ASGI middleware that refuses requests for unknown host names.

    A page of another site could otherwise point its own name at this machine and read the wire (DNS
    rebinding). It can't do that with an IP address.

    Args:
        names: the names allowed besides IP addresses and localhost; "*" allows any.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = {name.lower() for name in (*names, "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 400."""
        if scope["type"] != "http" or self._allows(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        detail = "This host name is not allowed. Add it to web.allowed_hosts."
        await JSONResponse({"detail": detail}, 400)(scope, receive, send)

    def _allows(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].lower().rstrip(".")
        if "*" in self._names or name in self._names:
            return True
        try:
            ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def same_origin(request: Request) -> None:
    """Refuse a change that a page of another site sends.

    Raises:
        HTTPException: 403, the request comes from another site.
    """
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") or (
        origin is not None and origin.partition("://")[2] != request.headers.get("host")
    ):
        raise HTTPException(403, "Only this site's own pages may send changes.")
