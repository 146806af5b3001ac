"""Ports that are taken: a process says so before it begins, in one sentence."""

from __future__ import annotations

import socket

from pipeline.wire.errors import ConfigError


def require_free(name: str, host: str, port: int) -> None:
    """Check that a port can be listened on.

    Args:
        name: of the setting or option that the port stands in, for the sentence.

    Raises:
        ConfigError: the port is taken, or the host is not of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except OSError as error:
        raise ConfigError(f"{name}: {host}:{port}: {error.strerror}") from error
