"""Servers that sources are tried against, each in a thread: FTP, SFTP, S3, HTTP, IMAP."""

from __future__ import annotations

import asyncio
import re
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncssh
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

USER, PASSWORD = "wire", "a secret"


@contextmanager
def ftp(folder: Path, unreadable: str | None = None) -> Iterator[str]:
    """An FTP server on a folder; yields its URL. A subfolder may be one nobody may read."""
    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, str(folder), perm="elradfmw")
    if unreadable:
        authorizer.override_perm(USER, str(folder / unreadable), "el")

    class Handler(FTPHandler):  # type: ignore[misc]
        pass

    Handler.authorizer = authorizer
    Handler.auth_failed_timeout = 0
    server = FTPServer(("127.0.0.1", 0), Handler)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            server.serve_forever(timeout=0.05, blocking=False)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"ftp://127.0.0.1:{server.address[1]}/"
    finally:
        stop.set()
        thread.join(timeout=10)
        server.close_all()


@dataclass(frozen=True)
class Sftp:
    """Where an SFTP server is, and the file with its host key."""

    url: str
    known_hosts: Path


@contextmanager
def sftp(folder: Path, keys: Path) -> Iterator[Sftp]:
    """An SFTP server on a folder."""
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Login(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Login,
            server_host_keys=[key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder).encode()),
        )
    )
    port = server.get_port()
    known_hosts = keys / "known_hosts"
    public = key.export_public_key().decode().strip()
    known_hosts.write_text(f"[127.0.0.1]:{port} {public}\n")
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield Sftp(f"sftp://{USER}@127.0.0.1:{port}/", known_hosts)
    finally:

        async def end() -> None:
            server.close()
            await server.wait_closed()

        asyncio.run_coroutine_threadsafe(end(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


@dataclass
class Web:
    """What an HTTP server answers, by path, and what it was asked."""

    url: str = ""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def put(self, path: str, body: bytes | str = b"", status: int = 200, **headers: str) -> None:
        """Answer so from now on; header names with "_" for "-". An ETag is minded."""
        raw = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, named, raw)

    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [path for path, _ in self.asked]


@contextmanager
def web() -> Iterator[Web]:
    """An HTTP server of a few fixed answers."""
    told = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {name.lower(): value for name, value in self.headers.items()}
            told.asked.append((self.path, asked))
            status, headers, body = told.answers.get(self.path, (404, {}, b""))
            if headers.get("etag") and asked.get("if-none-match") == headers["etag"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


@dataclass
class Mailbox:
    """One mailbox as an IMAP server has it: messages by UID."""

    port: int = 0
    validity: int = 1
    messages: dict[int, bytes] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    idle: bool = False
    """Whether the server has IDLE, and announces new messages."""


@contextmanager
def imap(tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:  # noqa: C901 (a server's commands)
    """An IMAP server with one mailbox, of the few commands that a reader needs (RFC 3501)."""
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str | bytes) -> None:
            self.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

        def handle(self) -> None:
            self.say("* OK ready")
            while line := self.rfile.readline().decode().strip():
                tag, _, command = line.partition(" ")
                box.commands.append(command)
                name, _, rest = command.partition(" ")
                if name == "CAPABILITY":
                    self.say("* CAPABILITY IMAP4rev1" + " IDLE" * box.idle)
                elif name == "IDLE":
                    self.announce()
                elif name == "LOGIN" and rest != f'{USER} "{PASSWORD}"':
                    self.say(f"{tag} NO [AUTHENTICATIONFAILED] wrong password")
                    continue
                elif name == "EXAMINE":
                    self.say(f"* {len(box.messages)} EXISTS")
                    self.say(f"* OK [UIDVALIDITY {box.validity}] valid")
                elif name == "UID":
                    self.fetch(rest)
                elif name == "LOGOUT":
                    self.say("* BYE")
                self.say(f"{tag} OK done")
                if name == "LOGOUT":
                    return

        def announce(self) -> None:
            known = len(box.messages)
            self.say("+ idling")
            while not select.select([self.connection], [], [], 0.01)[0]:
                if len(box.messages) != known:
                    known = len(box.messages)
                    self.say(f"* {known} EXISTS")
            assert self.rfile.readline() in (b"DONE\r\n", b"")

        def fetch(self, rest: str) -> None:
            asked = re.fullmatch(r"FETCH (\d+)(:\*)? \((.*)\)", rest)
            assert asked
            uids, first = sorted(box.messages), int(asked[1])
            chosen = [uid for uid in uids if uid == first]
            if asked[2]:
                chosen = [uid for uid in uids if uid >= first] or uids[-1:]
            for uid in chosen:
                raw, at = box.messages[uid], uids.index(uid) + 1
                if partial := re.search(r"<0\.(\d+)>", asked[3]):
                    part = raw[: int(partial[1])]
                    self.say(f"* {at} FETCH (UID {uid} BODY[]<0> {{{len(part)}}}")
                    self.wfile.write(part)
                    self.say(")")
                else:
                    self.say(f"* {at} FETCH (UID {uid} RFC822.SIZE {len(raw)})")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            return (tls.wrap_socket(connection, server_side=True) if tls else connection), address

    server = Server(("127.0.0.1", 0), Handler)
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
