"""A TCP proxy that can delay, reset, go silent and refuse, between any two parties."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress

CHUNK = 64 * 1024
ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset."""


class Proxy:
    """Connections to `port` go on to `target`, a port of this machine.

    All methods are to be called in the event loop that it was opened in.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.StreamWriter] = set()
        self._delay = 0.0
        self._refusing = False
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def close(self) -> None:
        """Reset what is open and stop listening."""
        if self._server is not None:
            self._server.close()
        self._flowing.set()
        self.reset()

    def delay(self, seconds: float) -> None:
        """Hold everything for so long before it goes on; 0 ends it."""
        self._delay = seconds

    def reset(self) -> None:
        """Reset every connection, on both sides."""
        for writer in list(self._links):
            with suppress(OSError):
                link: socket.socket = writer.get_extra_info("socket")
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            writer.transport.abort()

    def refuse(self, on: bool) -> None:
        """Cut: reset what is open, and every new connection at once."""
        self._refusing = on
        if on:
            self.reset()

    def silence(self, on: bool) -> None:
        """Half-open: connections stand and nothing passes; what was held then goes on, late."""
        if on:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links.add(writer)
        try:
            if self._refusing:
                return
            there, onward = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            return
        else:
            self._links.add(onward)
            try:
                await asyncio.gather(self._pass(reader, onward), self._pass(there, writer))
            except OSError:
                pass
            finally:
                self._links.discard(onward)
                onward.transport.abort()
        finally:
            self._links.discard(writer)
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await asyncio.sleep(self._delay)
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        writer.transport.abort()
