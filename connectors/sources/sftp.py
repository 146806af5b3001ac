"""SFTP with verified host keys: fsspec's own SFTP accepts any host key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem


class VerifiedSftp(SFTPFileSystem):  # type: ignore[misc]  # fsspec is untyped
    """fsspec's SFTP, restricted to hosts with a known key, with a timeout for every answer.

    Args:
        known_hosts: a file in OpenSSH's format; the user's own file when None.
        timeout: in seconds.
    """

    def __init__(self, host: str, known_hosts: Path | None, timeout: float, **access: Any) -> None:
        self._known_hosts = known_hosts
        self._timeout = timeout
        super().__init__(host, **access)

    def _connect(self) -> None:
        client = paramiko.SSHClient()
        client.load_system_host_keys(str(self._known_hosts) if self._known_hosts else None)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            client.connect(
                self.host,
                **self.ssh_kwargs,
                timeout=self._timeout,
                banner_timeout=self._timeout,
                auth_timeout=self._timeout,
                allow_agent=False,
                look_for_keys=False,
            )
            self.ftp = client.open_sftp()
        except BaseException:
            client.close()
            raise
        channel = self.ftp.get_channel()
        if channel is not None:
            channel.settimeout(self._timeout)
        self.client = client
