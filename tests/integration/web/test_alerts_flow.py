"""Alerts from the page to a mailbox, a webhook and a topic: by keyboard, on a phone's width."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pipeline.alerts.outbox import FILE, Outbox
from pipeline.desk.users import Users
from pipeline.search.visible import Role
from pipeline.wire.story import Status, Story
from tests.fakes.receiver import Receiver, receiving
from tests.integration.web.chromium import (
    PHONE,
    WAIT_MILLISECONDS,
    chromium,
    needs_chromium,
    served_at,
    window,
)
from tests.integration.web.newsroom import Newsroom
from tests.integration.web.test_layout import violations
from tests.integration.wire import Wire
from tests.servers import Engine

pytestmark = needs_chromium

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
PUBLIC = "https://desk.example.org"


class Mailbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.taken: list[Message] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        """Take a message."""
        self.taken.append(message_from_bytes(envelope.content))
        return "250 OK"

    def to(self, address: str) -> list[Message]:
        """Return the messages to an address."""
        return [each for each in list(self.taken) if each["To"] == address]


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mail server, and its port."""
    box = Mailbox()
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def hook() -> Iterator[tuple[Receiver, str]]:
    """A webhook's receiver, and its address."""
    with receiving() as (state, address):
        state.status = 200
        yield state, address


def story(id: str, headline: str, version: int = 1, **fields: Any) -> Story:
    """A version of a story."""
    told = {"body": "The water rose. SECRETBODY", "received_at": datetime.now(UTC)} | fields
    told = {"version_created": datetime.now(UTC), **told}
    return Story(id=id, source="AP", headline=headline, version=version, **told)


def until(found: Callable[[], Any]) -> Any:
    """Wait until there is something."""
    deadline = time.monotonic() + WAIT_MILLISECONDS / 500
    while not (seen := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return seen


def test_an_alert_reaches_its_editor_and_so_does_a_kill(
    engine: Engine,
    prefix: str,
    tmp_path: Path,
    mailbox: tuple[Mailbox, int],
    hook: tuple[Receiver, str],
) -> None:
    """A search is saved, tried and made an alert; messages come at once and as a digest."""
    box, port = mailbox
    state, address = hook
    file = tmp_path / "alerts.toml"
    file.write_text(f'[alerts.desk]\nq = "flood"\nwebhook = "{address}"\n')
    wire = Wire(engine, prefix, tmp_path / "wire")
    wire.extra = {
        "NEWSWIRE_ALERTS__FILE": str(file),
        "NEWSWIRE_ALERT__DESK__SECRET": "a-secret-for-tests",
        "NEWSWIRE_ALERTS__SMTP_HOST": "127.0.0.1",
        "NEWSWIRE_ALERTS__SMTP_PORT": str(port),
        "NEWSWIRE_ALERTS__SMTP_SECURITY": "none",
        "NEWSWIRE_WEB__PUBLIC_URL": PUBLIC,
        "NEWSWIRE_RETRY__MAX_SECONDS": "2",
    }
    wire.setup()
    token = Users(wire.folder).add("ana", Role.EDITOR, None)
    yesterday = [story(f"ap:y{n}", "Flood", version_created=NOON - timedelta(1)) for n in range(3)]
    processes = [wire.start("pipeline.alerts"), wire.start()]
    try:
        wire.publish(yesterday)
        processes[0].until(lambda: Outbox(wire.folder / FILE).offsets(wire.topics.enriched))
        until(lambda: len(wire.documents()) == 3)
        _make(wire, token)
        until(lambda: _reads_three(wire))
        wire.publish([story("ap:1", "Flood on the Rhine"), story("ap:2", "Nothing")])
        (mail,) = until(lambda: box.to("ana@example.org"))
        assert mail["Subject"] == "Flood on the Rhine"
        text = mail.get_payload()
        assert f"{PUBLIC}/story/ap:1" in text
        assert "SECRETBODY" not in text
        until(lambda: state.told("story").get("ap:1"))
        assert not box.to("digest@example.org")
        _an_hour_later(wire)
        (digest,) = until(lambda: box.to("digest@example.org"))
        assert digest["Subject"] == "1 story: Floods, each hour"
        kill = story("ap:1", "Flood on the Rhine", 2, status=Status.WITHDRAWN)
        wire.publish([kill])
        for name in ("ana@example.org", "digest@example.org"):
            until(lambda name=name: len(box.to(name)) == 2)  # type: ignore[misc]
            told = box.to(name)[1]
            assert told["Subject"] == "Withdrawn: do not use a story that was sent"
            assert "Rhine" not in told.as_string()
        until(lambda: state.told("withdrawn").get("ap:1"))
        kinds = {json.loads(m.value)["type"] for m in wire.messages(wire.topics.alerts)}
        assert kinds == {"alert.story", "alert.withdrawn"}
    finally:
        for process in processes:
            process.kill()
        wire.bury()


def _reads_three(wire: Wire) -> bool:
    """Return whether the alerts process has read the alerts of the page, by its log."""
    log = (wire.folder / "worker.log").read_text("utf-8", "replace")
    return bool(re.search(r"alerts of the page have changed.*\b3\b", log))


def _an_hour_later(wire: Wire) -> None:
    """Make what waits for a digest an hour older."""

    def aged() -> int:
        with closing(sqlite3.connect(wire.folder / FILE)) as db, db:
            due = db.execute(
                "UPDATE deliveries SET since = since - 3600, next = 0 "
                "WHERE state = 'pending' AND reason = 'waits for the digest'"
            )
            return due.rowcount

    until(aged)


def _make(wire: Wire, token: str) -> None:
    """Make the alerts as an editor does."""
    credentials = {"username": "ana", "password": token, "send": "always"}
    look = {"viewport": PHONE, "http_credentials": credentials}
    with (
        served_at(Newsroom(wire.settings)) as address,
        chromium() as browser,
        window(browser, address, **look) as page,
    ):
        page.goto("/?q=flood")
        page.get_by_role("link", name="Filters").press("Enter")
        page.get_by_placeholder("Title").press_sequentially("Floods")
        page.get_by_role("button", name="Save search").press("Enter")
        page.wait_for_load_state("load")  # the sheet is open again
        page.get_by_placeholder("Title").press_sequentially("Floods")
        page.get_by_role("button", name="Alert me").press("Enter")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not violations(Axe(), page)
        page.get_by_label("Address", exact=True).press_sequentially("ana@example.org")
        page.get_by_role("button", name="Try").press("Enter")
        expect(page.get_by_role("status").first).to_have_text(
            "Yesterday it would have found 3 stories."
        )
        page.get_by_role("button", name="Make alert").press("Enter")
        expect(page.locator(".line")).to_have_count(1)
        _another(page, "Floods, each hour", "email", "digest@example.org", "every hour")
        _another(page, "Floods to the topic", "topic", "", "at once")
        expect(page.locator(".line")).to_have_count(3)
        _another(page, "Hook", "webhook", "https://127.0.0.1/in", "at once")
        expect(page.locator("#fault")).to_contain_text("private network")
        expect(page.get_by_label("Address", exact=True)).to_have_value("")
        page.goto("/desk")
        expect(page.get_by_role("link", name="Floods", exact=True)).to_have_count(1)


def _another(page: Page, title: str, way: str, address: str, every: str) -> None:
    page.get_by_label("Title").fill(title)
    page.get_by_label("Search, as in").fill("q=flood")
    page.locator("[name=way]").select_option(way)
    page.get_by_label("Address", exact=True).fill(address)
    page.locator("[name=minutes]").select_option(label=every)
    page.get_by_role("button", name="Make alert").press("Enter")
    page.wait_for_load_state("load")
