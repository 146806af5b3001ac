"""Alerts to chat services, by Apprise (github.com/caronc/apprise), which knows about a hundred.

It comes with `pip install "newswire[chat]"`.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from config.alerts import Alert, alert_variable
from config.settings import Settings
from pipeline.alerts import messages
from pipeline.alerts.channel import Channel, NotTaken
from pipeline.alerts.outbox import Delivery
from pipeline.desk.alerts import public_address


class Chat(Channel):
    """One service, whose URL is the alert's secret: it holds tokens."""

    key = "chat"
    brief = True

    def __init__(self, settings: Settings) -> None:
        self._schemes = settings.alerts.chat_schemes

    @classmethod
    def check(cls, alert: Alert, value: Any) -> None:
        """Check that the key is true, and that there is a service's URL."""
        if value is not True:
            raise ValueError(
                f"must be true: the service's URL goes into {alert_variable(alert.name)}"
            )
        if alert.secret is None:
            raise ValueError(f"needs a service's URL in {alert_variable(alert.name)}")
        if find_spec("apprise") is None:
            raise ValueError('needs Apprise: pip install "newswire[chat]"')

    async def send(self, alert: Alert, delivery: Delivery, body: bytes) -> None:
        """Send it, if the operator allows the service and the address is public."""
        url = alert.secret.get_secret_value() if alert.secret else ""
        scheme = url.partition("://")[0].lower()
        if scheme not in self._schemes:
            raise NotTaken(f"{scheme}: not among alerts.chat_schemes")
        try:
            await public_address(url, scheme_is_web=False)
        except ValueError as error:
            raise NotTaken(str(error)) from None
        if not await asyncio.to_thread(_notify, url, messages.subject(body), messages.text(body)):
            raise NotTaken(f"{scheme}: the service did not take it")


def _notify(url: str, title: str, text: str) -> bool:
    sender = import_module("apprise").Apprise()
    return bool(sender.add(url)) and bool(sender.notify(title=title, body=text))
