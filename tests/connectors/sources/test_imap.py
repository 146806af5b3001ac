"""A mailbox as a source: each message once, none touched."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from connectors.cursor import Cursor
from connectors.sources import Refused
from connectors.sources.imap import Imap, ImapOptions
from pipeline.wire.errors import SourceUnavailable
from tests.connectors.sources import servers
from tests.connectors.sources.polls import take, texts


@pytest.fixture
def box() -> Iterator[servers.Mailbox]:
    """A mailbox on a server."""
    with servers.imap() as running:
        yield running


def source(box: servers.Mailbox, **options: Any) -> Imap:
    given = {
        "host": "127.0.0.1",
        "port": box.port,
        "security": "none",
        "username": servers.USER,
        "password": servers.PASSWORD,
        **options,
    }
    return Imap(ImapOptions(**given))


def test_messages_in_order_and_once(box: servers.Mailbox, cursor: Cursor) -> None:
    """Messages come in the order of their UIDs, once, also to a next process."""
    box.messages = {7: b"Subject: b\r\n\r\nb", 3: b"Subject: a\r\n\r\na"}
    assert texts(take(source(box), cursor)) == [box.messages[3], box.messages[7]]
    assert take(source(box), cursor) == []
    box.messages[8] = b"c"
    assert texts(take(source(box), cursor)) == [b"c"]


def test_empty_mailbox(box: servers.Mailbox, cursor: Cursor) -> None:
    """A mailbox without messages gives nothing and is no failure."""
    assert take(source(box), cursor) == []


def test_nothing_is_touched(box: servers.Mailbox, cursor: Cursor) -> None:
    """The mailbox is opened read-only and messages are looked at without being marked."""
    box.messages = {1: b"a"}
    take(source(box, mailbox='Wire "A"'), cursor)
    assert 'EXAMINE "Wire \\"A\\""' in box.commands
    assert not any(c.startswith(("SELECT", "UID STORE")) for c in box.commands)
    assert all("PEEK" in c for c in box.commands if "BODY" in c)
    assert box.commands[-1] == "LOGOUT"


@pytest.mark.parametrize(
    ("mailbox", "sent"),
    [("Entwürfe", "Entw&APw-rfe"), ("A&B", "A&-B"), ("台北", "&U,BTFw-")],
)
def test_names_of_mailboxes(box: servers.Mailbox, cursor: Cursor, mailbox: str, sent: str) -> None:
    """A name with letters of any script is sent as RFC 3501 asks (its own examples)."""
    take(source(box, mailbox=mailbox), cursor)
    assert f'EXAMINE "{sent}"' in box.commands


def test_unacknowledged_message_comes_again(box: servers.Mailbox, cursor: Cursor) -> None:
    """What the cursor does not have is fetched again."""
    box.messages = {1: b"a"}
    imap = source(box)
    assert texts(list(imap.poll(cursor))) == texts(list(imap.poll(cursor))) == [b"a"]


def test_new_uids(box: servers.Mailbox, cursor: Cursor) -> None:
    """When the server gives out new UIDs the mailbox is read from its start."""
    box.messages = {5: b"a"}
    take(source(box), cursor)
    box.validity, box.messages = 2, {1: b"a", 2: b"b"}
    assert texts(take(source(box), cursor)) == [b"a", b"b"]


def test_huge_message_is_named(box: servers.Mailbox, cursor: Cursor) -> None:
    """A message over max_bytes is not read; the next ones come."""
    box.messages = {1: b"x" * 101, 2: b"b"}
    refused, _ = items = take(source(box, max_bytes=100), cursor)
    assert isinstance(refused, Refused)
    assert refused.name.endswith("UID=1")
    assert texts(items) == [b"b"]
    assert take(source(box, max_bytes=100), cursor) == []


def test_wrong_password(box: servers.Mailbox, cursor: Cursor) -> None:
    """A refused login is a failure of the source that does not say the password."""
    with pytest.raises(SourceUnavailable, match="wrong password") as caught:
        take(source(box, password="not this"), cursor)
    assert "not this" not in str(caught.value)


def test_nobody_there(cursor: Cursor) -> None:
    """A server that does not answer is unavailable."""
    with pytest.raises(SourceUnavailable):
        take(source(servers.Mailbox(port=9)), cursor)


@pytest.fixture(params=["none", "tls"])
def idling(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[servers.Mailbox, Imap]]:
    """A mailbox that announces new messages, and a source that polls it every 1,000 seconds."""
    monkeypatch.setattr("connectors.sources.imap.POLL_SECONDS", 0.05)
    tls = None
    options: dict[str, Any] = {"interval_seconds": 1000, "security": request.param}
    if request.param == "tls":
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        options["ca_file"] = tmp_path / "ca.pem"
    with servers.imap(tls) as box:
        box.idle = True
        reading = source(box, **options)
        yield box, reading
        reading.close()


Idling = tuple[servers.Mailbox, Imap]


def until(reading: Imap, cursor: Cursor, count: int) -> list[bytes]:
    """Poll and acknowledge until so many messages have come."""
    found: list[bytes] = []
    while len(found) < count:
        found += texts(take(reading, cursor))
    return found


def test_announced_messages_come_at_once(idling: Idling, cursor: Cursor) -> None:
    """A message is delivered when the server announces it, on the same connection."""
    box, reading = idling
    box.messages[1] = b"Subject: a\r\n\r\na"
    assert until(reading, cursor, 1) == [box.messages[1]]
    for number in (2, 3):
        assert texts(take(reading, cursor)) == []
        box.messages[number] = b"Subject: b\r\n\r\nb"
        assert until(reading, cursor, 1) == [box.messages[number]]
    assert reading.interval_seconds == 0
    assert sum(command.startswith("LOGIN") for command in box.commands) == 1


def test_unacknowledged_messages_come_again(idling: Idling, cursor: Cursor) -> None:
    """What the broker did not acknowledge is read again without an announcement."""
    box, reading = idling
    box.messages = {1: b"a", 2: b"b"}
    assert texts(list(reading.poll(cursor))) == [b"a", b"b"]
    polled = reading.poll(cursor)
    next(polled)
    polled.close()  # type: ignore[attr-defined]
    assert until(reading, cursor, 2) == [b"a", b"b"]
    assert texts(take(reading, cursor)) == []


def test_a_silent_server_is_read_once_an_interval(idling: Idling, cursor: Cursor) -> None:
    """A message that was never announced comes when the interval has passed."""
    box, reading = idling
    take(reading, cursor)
    reading._options = reading._options.model_copy(update={"interval_seconds": 0.01})
    box.messages[1] = b"a"
    assert until(reading, cursor, 1) == [b"a"]


def test_a_connection_is_replaced_in_time(
    idling: Idling, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before servers drop a client that only listens, it connects again."""
    box, reading = idling
    take(reading, cursor)
    monkeypatch.setattr("connectors.sources.imap.IDLE_SECONDS", 0.0)
    take(reading, cursor)
    box.messages[1] = b"a"
    assert until(reading, cursor, 1) == [b"a"]
    assert sum(command.startswith("LOGIN") for command in box.commands) > 1
