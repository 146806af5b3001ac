"""The search API as a process of its own, for the parts that search."""

from __future__ import annotations

import http.client
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from newswire.servers.process import free_port
from tests.bench.rig import Rig, until


@contextmanager
def web(system: Rig) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The process and its port, once it answers."""
    port = free_port()
    with system.process("pipeline.web", NEWSWIRE_WEB__PORT=str(port)) as process:

        def answers() -> bool:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port)
                connection.request("GET", "/api/search?size=1")
                return connection.getresponse().status == http.client.OK
            except OSError:
                return False

        until(answers)
        yield process, port
