"""A mailbox, read over IMAP4rev1 (RFC 3501) without changing it: a message is a delivery.

Where the server has IDLE (RFC 2177) the connection stays open and new messages are read when the
server announces them, otherwise once in `interval_seconds`.
"""

from __future__ import annotations

import base64
import imaplib
import re
import select
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field, SecretStr

from connectors.cursor import Cursor
from connectors.sources.base import MAX_BYTES, Delivery, Options, Polled, Progress, Refused, Source
from pipeline.wire.errors import SourceUnavailable

POLL_SECONDS = 1.0
"""How long a poll waits for the server to announce a message; the feed may take as long to stop."""

IDLE_SECONDS = 1500.0
"""A connection is replaced before the half hour after which servers drop silent clients."""

PORTS = {"tls": 993, "starttls": 143, "none": 143}


class ImapOptions(Options):
    """The keys of a feed with `source = "imap"`."""

    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    """993 with tls, else 143."""
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: Path | None = None
    """Certificates to trust instead of those of the system."""
    username: str
    password: SecretStr
    mailbox: str = "INBOX"
    interval_seconds: float = Field(default=60.0, gt=0)
    timeout_seconds: float = Field(default=30.0, gt=0)
    max_bytes: int = Field(default=MAX_BYTES, ge=1)
    """A longer message is not read; a dead letter names it."""


class Imap(Source):
    """Delivers every message of one mailbox, in the order of UIDs, at least once.

    The cursor has the last UID and its UIDVALIDITY. When the server assigns new UIDs
    (section 2.3.1.1) the mailbox is read again from its start; stories that were published
    before are recognised by their content.
    """

    name = "imap"
    options = ImapOptions

    def __init__(self, options: ImapOptions) -> None:
        self._options = options
        self.interval_seconds = options.interval_seconds
        self._client: imaplib.IMAP4 | None = None
        self._idle: bytes | None = None  # the tag of the running IDLE
        self._opened_at = self._read_at = 0.0
        self._uid: str | None = None  # of the last message that was yielded

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield the messages after the cursor's UID; see `Source.poll`."""
        try:
            if self._idle and not self._is_due(cursor):
                return
            yield from self._messages(cursor)
            self._begin_idle()
        except (imaplib.IMAP4.error, OSError) as error:
            self.close()
            at = f"{self._options.host}/{self._options.mailbox}"
            raise SourceUnavailable(f"{at}: {_said(error)}") from error

    def close(self) -> None:
        """Close the connection."""
        client, self._client, self._idle = self._client, None, None
        self.interval_seconds = self._options.interval_seconds
        if client is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                client.logout()

    def _is_due(self, cursor: Cursor) -> bool:
        """Return True when the mailbox must be read; waits a moment for an announcement."""
        client = self._client
        assert client is not None
        now = time.monotonic()
        behind = self._uid is not None and cursor.get("uid") != self._uid
        if behind or now - self._read_at >= self._options.interval_seconds:
            return True
        if now - self._opened_at >= IDLE_SECONDS:
            self.close()
            return True
        return _has_data(client, POLL_SECONDS)

    def _begin_idle(self) -> None:
        client = self._client
        if client is None or "IDLE" not in client.capabilities:
            self.close()
            return
        self._idle = client._new_tag()
        client.send(self._idle + b" IDLE\r\n")
        while not (line := client.readline()).startswith(b"+"):
            if not line or line.startswith(self._idle):
                raise imaplib.IMAP4.abort("the server does not accept IDLE")
        self.interval_seconds = 0.0

    def _end_idle(self) -> None:
        client, tag, self._idle = self._client, self._idle, None
        if client is None or tag is None:
            return
        client.send(b"DONE\r\n")
        while not (line := client.readline()).startswith(tag):
            if not line:
                raise imaplib.IMAP4.abort("the server has closed the connection")

    def _messages(self, cursor: Cursor) -> Iterator[Polled]:
        self._end_idle()
        if self._client is None:
            self._client, self._opened_at = self._connected(), time.monotonic()
        client = self._client
        self._read_at = time.monotonic()
        (count,) = _command(client.select(_quoted(self._options.mailbox), readonly=True))
        (said,) = client.response("UIDVALIDITY")[1] or [None]
        validity = (said or b"0").decode()
        known = cursor.get("uidvalidity") == validity
        last = int((cursor.get("uid") if known else None) or 0)
        self._uid = cursor.get("uid")
        for uid, size in _sizes(client, last) if int(count or b"0") else ():
            self._uid = str(uid)
            yield self._message(client, validity, uid, size)

    def _message(self, mailbox: imaplib.IMAP4, validity: str, uid: int, size: int) -> Polled:
        o = self._options
        name = f"imap://{o.host}/{o.mailbox};UIDVALIDITY={validity}/;UID={uid}"  # RFC 5092
        state = {"uidvalidity": validity, "uid": str(uid)}
        if size > o.max_bytes:
            return Refused(name, f"{size:,} bytes, more than max_bytes allows", state)
        # PEEK leaves the message unseen.
        found = _command(mailbox.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{o.max_bytes}>)"))
        raw = next((part[1] for part in found if isinstance(part, tuple)), None)
        if raw is None:  # deleted since it was listed
            return Progress(state)
        return Delivery(raw=raw, name=name, state=state, recurs=False)

    def _connected(self) -> imaplib.IMAP4:
        o = self._options
        context = None
        if o.security != "none":
            context = ssl.create_default_context(cafile=str(o.ca_file) if o.ca_file else None)
        port, timeout = o.port or PORTS[o.security], o.timeout_seconds
        client = (
            imaplib.IMAP4_SSL(o.host, port, ssl_context=context, timeout=timeout)
            if o.security == "tls"
            else imaplib.IMAP4(o.host, port, timeout=timeout)
        )
        try:
            if o.security == "starttls":
                client.starttls(context)
            client.login(o.username, o.password.get_secret_value())
            # A server may announce more to a client that has logged in.
            said = _command(client.capability())[-1] or b""
            client.capabilities = tuple(said.decode("ascii", "replace").upper().split())
        except BaseException:
            with suppress(imaplib.IMAP4.error, OSError):
                client.shutdown()
            raise
        return client


def _has_data(client: imaplib.IMAP4, seconds: float) -> bool:
    """Return True once the server has sent something, False after so many seconds without."""
    opened, received = client.socket(), cast(BufferedReader, client.file)
    timeout = opened.gettimeout()
    opened.setblocking(False)
    try:
        # Some of it may have been received already, with the answer before.
        if received.peek(1):
            return True
        if not select.select([opened], [], [], seconds)[0]:
            return False
        received.peek(1)  # of TLS there may be data that is no text
    except ssl.SSLWantReadError:
        return bool(select.select([opened], [], [], seconds)[0])
    finally:
        opened.settimeout(timeout)
    return True


def _quoted(mailbox: str) -> str:
    """Return a mailbox's name as it is sent: quoted, and in modified UTF-7 (section 5.1.3)."""

    def shifted(run: re.Match[str]) -> str:
        packed = base64.b64encode(run[0].encode("utf-16-be")).decode().rstrip("=")
        return f"&{packed.replace('/', ',')}-"

    sent = re.sub(r"[^\x20-\x7e]+", shifted, mailbox.replace("&", "&-"))
    return '"' + sent.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _sizes(mailbox: imaplib.IMAP4, last: int) -> list[tuple[int, int]]:
    """Return the UID and size of each message after a UID, in order."""
    found = []
    for line in _command(mailbox.uid("FETCH", f"{last + 1}:*", "(UID RFC822.SIZE)")):
        text = line if isinstance(line, bytes) else b""
        uid, size = re.search(rb"UID (\d+)", text), re.search(rb"RFC822\.SIZE (\d+)", text)
        # "n:*" names the last message even where it is before n.
        if uid and size and int(uid[1]) > last:
            found.append((int(uid[1]), int(size[1])))
    return sorted(found)


def _command(answer: tuple[str, Any]) -> list[Any]:
    """Return the data of an answer.

    Raises:
        imaplib.IMAP4.error: the server answered NO.
    """
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(_text(data[0] if data else status))
    return list(data)


def _said(error: Exception) -> str:
    known = isinstance(error, imaplib.IMAP4.error) and error.args
    return _text(error.args[0]) if known else str(error) or type(error).__name__


def _text(said: object) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
