"""Alerts that editors make on the page: a search, a way to tell of what it finds, and how often.

They are kept with the editor's other things. The page checks them here when they are made; the
alerts process checks them again before it sends anything.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
from enum import StrEnum
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec

from config.settings import Alerts
from connectors.sources.addresses import is_public
from pipeline.desk.users import Users
from pipeline.search.trending import Window
from pipeline.search.visible import Role, Viewer

ADMIN = "token:admin"
"""Whose things are those of the settings' own administrator."""
USER = "user:"
"""What the owner of a user's things begins with."""
EVERY = {"0": "at once", "60": "every hour", "1440": "every day"}
"""Minutes between two messages, and how the page says it."""
LIFTED = "lifted"
WHEN = {
    "": "new stories",
    LIFTED: "stories whose embargo ends",
    Window.HOUR.value: "what is breaking within an hour",
    Window.SIX_HOURS.value: "what is breaking within six hours",
    Window.DAY.value: "what is breaking within a day",
}
"""What an alert tells of, and how the page says it."""

_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


class Way(StrEnum):
    """How an alert tells: the keys of the channels of `pipeline.alerts`."""

    EMAIL = "email"
    CHAT = "chat"
    WEBHOOK = "webhook"
    TOPIC = "topic"


class PageAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as it is kept."""

    search: dict[str, Any]
    """The fields of the search that are not defaults."""
    way: Way
    address: str = ""
    """Where to: it may hold a secret, and is never shown again."""
    secret: str = ""
    """What a webhook is signed with: shown once, when the alert is made."""
    minutes: int = 0
    """Minutes between two messages; 0 tells of each story at once."""
    of: str = ""
    """What it tells of: a key of WHEN."""

    @property
    def breaking(self) -> Window | None:
        """Return the window of what is breaking; None for an alert on stories."""
        return None if self.of in ("", LIFTED) else Window(self.of)

    @property
    def masked(self) -> str:
        """Return the address as the page shows it: without what could be a secret."""
        if self.way is Way.EMAIL:
            return self.address
        return f"{urlsplit(self.address).scheme}://…" if self.address else ""


def name_of(owner: str, title: str) -> str:
    """Return an alert's name in deliveries: it says neither who made it nor what it seeks."""
    digest = hashlib.blake2b(f"{len(owner)}:{owner}{title}".encode(), digest_size=12)
    return f"page-{digest.hexdigest()}"


def viewer_of(owner: str, users: Users) -> Viewer | None:
    """Return whose eyes an owner's alerts see with; None if the owner may have none now.

    Messages leave newswire: even an editor's hold nothing that is embargoed.

    Raises:
        ConfigError: the users can't be read.
    """
    if owner == ADMIN:
        return Viewer(Role.READER)
    user = users.named(owner.removeprefix(USER)) if owner.startswith(USER) else None
    if user is None or user.role is Role.READER:
        return None
    return Viewer(Role.READER, user.sources)


def check(alert: PageAlert, settings: Alerts) -> None:
    """Check how an alert tells.

    Raises:
        ValueError: it can't be used, with a sentence for the editor.
    """
    if str(alert.minutes) not in EVERY:
        raise ValueError("An alert tells at once, every hour or every day.")
    if alert.of not in WHEN:
        raise ValueError("Choose what the alert tells of.")
    if alert.breaking and alert.minutes:
        raise ValueError("What is breaking is told at once.")
    match alert.way:
        case Way.EMAIL:
            if settings.smtp_host is None:
                raise ValueError("No mail server is set: the operator sets alerts.smtp_host.")
            if not _EMAIL.fullmatch(alert.address) or len(alert.address) > 254:
                raise ValueError("That is no e-mail address.")
        case Way.CHAT:
            scheme = alert.address.partition("://")[0].lower()
            if scheme not in settings.chat_schemes:
                allowed = ", ".join(settings.chat_schemes) or "none"
                raise ValueError(f"Chat services that the operator allows: {allowed}.")
            if find_spec("apprise") is None:
                raise ValueError("Chat services need Apprise, which is not installed here.")
        case Way.WEBHOOK:
            try:
                parts = urlsplit(alert.address)
                usable = parts.scheme == "https" and bool(parts.hostname) and not parts.username
            except ValueError:
                usable = False
            if not usable:
                raise ValueError("A webhook is an https address without a user name.")


async def public_address(url: str, scheme_is_web: bool = True) -> str | None:
    """Return the IP address to connect to for a URL.

    Args:
        url: where to.
        scheme_is_web: False for a chat service's URL, whose host may be no host at all but a
            token: then None says that there is nothing to look up.

    Raises:
        ValueError: the host has no address, or one in a private network.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        raise ValueError("That is no address.") from None
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        if scheme_is_web:
            raise ValueError(f"The host {host} has no address.") from None
        return None
    addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not addresses or not all(map(is_public, addresses)):
        raise ValueError("That address is in a private network.")
    return str(addresses[0])


async def guard(alert: PageAlert) -> None:
    """Refuse an alert whose address leads into a private network.

    Raises:
        ValueError: it does.
    """
    if alert.way in (Way.WEBHOOK, Way.CHAT):
        await public_address(alert.address, scheme_is_web=alert.way is Way.WEBHOOK)
