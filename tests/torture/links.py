"""The proxies between every pair of parties, in an event loop of their own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import Any

from newswire.servers.process import free_port
from tests.torture.index_faults import IndexFault, IndexProxy
from tests.torture.proxy import Proxy

LATE_SECONDS = 7.0


class Links:
    """Connectors to broker, workers to broker, workers to index; each with a port to go to.

    Args:
        kafka: the broker's port for the connectors, and that for the workers.
        index_url: of Elasticsearch itself.
        ports: of the proxies, where they are known beforehand.
    """

    def __init__(
        self, kafka: tuple[int, int], index_url: str, ports: tuple[int, int], rng: random.Random
    ) -> None:
        self._http = IndexProxy(free_port(), index_url, rng, LATE_SECONDS)
        self._proxies = {
            "connectors to broker": Proxy(ports[0], kafka[0]),
            "workers to broker": Proxy(ports[1], kafka[1]),
            "workers to index": Proxy(free_port(), self._http.port),
        }
        self._loop = asyncio.new_event_loop()

    @property
    def names(self) -> list[str]:
        """Of the links."""
        return list(self._proxies)

    def port(self, name: str) -> int:
        """Where a link begins."""
        return self._proxies[name].port

    @contextmanager
    def open(self) -> Iterator[None]:
        """While the links stand."""
        thread = Thread(target=self._loop.run_forever, name="links", daemon=True)
        thread.start()
        parts: list[IndexProxy | Proxy] = [self._http, *self._proxies.values()]
        try:
            for part in parts:
                self._do(part.open())
            yield
        finally:
            for part in parts:
                self._do(part.close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    def call(self, name: str, method: str, *arguments: Any) -> bool:
        """Do something to one link."""

        async def do() -> None:
            getattr(self._proxies[name], method)(*arguments)

        self._do(do())
        return True

    def index_fault(self, fault: IndexFault | None) -> bool:
        """Have the index answer so, or as it is."""

        async def do() -> None:
            self._http.fault = fault

        self._do(do())
        return True

    def heal(self) -> None:
        """No more faults."""
        self.index_fault(None)
        for name in self.names:
            for method, value in (("delay", 0.0), ("silence", False), ("refuse", False)):
                self.call(name, method, value)

    def _do(self, coroutine: Any) -> None:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        future.result(30)
