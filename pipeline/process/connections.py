"""HTTP connections whose silent clients do not take all places."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""How long a connection may stay open without a complete request."""

MAX_CONNECTIONS = 256
"""The most connections; the one that was silent longest is closed for a new one."""


class Connection(H11Protocol):
    """uvicorn's connection, closed when it stays silent or another sender needs its place."""

    most = MAX_CONNECTIONS
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()
        connections: set[Any] = self.connections
        if len(connections) > self.most:
            silent = [(c._deadline.when(), id(c), c) for c in connections if c._deadline]
            (min(silent)[2] if silent else self)._abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._deadline is not None:
            self._deadline.cancel()

    def _watch(self) -> None:
        """Limit the time until the next request; a request that is being answered has its own."""
        if self.cycle is not None and not self.cycle.response_complete:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self._abort)

    def _abort(self) -> None:
        self.connections.discard(self)
        self.transport.abort()
