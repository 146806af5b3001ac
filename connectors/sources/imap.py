"""A mailbox, read over IMAP4rev1 (RFC 3501) without changing it: a message is a delivery."""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr

from connectors.cursor import Cursor
from connectors.sources.base import MAX_BYTES, Delivery, Options, Polled, Progress, Refused, Source
from pipeline.wire.errors import SourceUnavailable

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

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield the messages after the cursor's UID; see `Source.poll`."""
        try:
            with self._opened() as (mailbox, count):
                (said,) = mailbox.response("UIDVALIDITY")[1] or [None]
                validity = (said or b"0").decode()
                known = cursor.get("uidvalidity") == validity
                last = int((cursor.get("uid") if known else None) or 0)
                for uid, size in _sizes(mailbox, last) if count else ():
                    yield self._message(mailbox, validity, uid, size)
        except (imaplib.IMAP4.error, OSError) as error:
            at = f"{self._options.host}/{self._options.mailbox}"
            raise SourceUnavailable(f"{at}: {_said(error)}") from error

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

    @contextmanager
    def _opened(self) -> Iterator[tuple[imaplib.IMAP4, int]]:
        """Open the mailbox read-only; yields it with the number of its messages."""
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
            (count,) = _command(client.select(_quoted(o.mailbox), readonly=True))
            yield client, int(count or b"0")
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                client.logout()


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
