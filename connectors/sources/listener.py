"""An HTTP endpoint in a thread of its own, whose silent clients do not take all places."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable, Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.process.connections import MAX_CONNECTIONS, Connection
from pipeline.wire.errors import SourceUnavailable


class Listener:
    """A server with one endpoint.

    Args:
        host: the address to listen on.
        port: 0 for any free port.
        path: of the endpoint; anything else is answered 404.
        methods: of the endpoint; any other is answered 405.
    """

    def __init__(
        self,
        host: str,
        port: int,
        path: str,
        methods: Sequence[str],
        endpoint: Callable[[Request], Awaitable[Response]],
    ) -> None:
        self.url: str | None = None
        """Where it listens; None while it does not."""
        self._host, self._port, self._path = host, port, path
        self._app = Starlette(routes=[Route(path, endpoint, methods=list(methods))])
        self._app.router.redirect_slashes = False
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Listen, if it does not listen yet.

        Raises:
            SourceUnavailable: the address can't be bound.
        """
        if self._server is not None:
            return
        host, port = self._host, self._port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(MAX_CONNECTIONS)
        except OSError as error:
            listener.close()
            raise SourceUnavailable(f"{host}:{port}: {error.strerror}") from error
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{listener.getsockname()[1]}{self._path}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                http=Connection,
                proxy_headers=False,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name=f"listener-{port}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=5)
        self._server = self.url = None
