"""Alerts by e-mail, through the operator's mail server."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from typing import Any

from config.alerts import Alert
from config.settings import Settings
from pipeline.alerts import messages
from pipeline.alerts.channel import Channel, NotTaken, message_id
from pipeline.alerts.outbox import Delivery


class Mail(Channel):
    """One message to one address; its value in an alert's table is the address."""

    key = "email"
    brief = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.alerts

    @classmethod
    def check(cls, alert: Alert, value: Any) -> None:
        """Check that the address is one."""
        if not isinstance(value, str) or value.count("@") != 1 or any(c.isspace() for c in value):
            raise ValueError("must be an e-mail address")

    async def send(self, alert: Alert, delivery: Delivery, body: bytes) -> None:
        """Hand the message to the mail server."""
        message = EmailMessage()
        message["Subject"] = messages.subject(body)
        message["From"] = self._settings.smtp_from
        message["To"] = alert.keys[self.key]
        message["Message-ID"] = f"<{message_id(delivery)}@newswire>"
        message.set_content(messages.text(body))
        try:
            await asyncio.to_thread(self._hand_over, message)
        except (OSError, smtplib.SMTPException) as error:
            raise NotTaken(f"{type(error).__name__}: {error}") from error

    def _hand_over(self, message: EmailMessage) -> None:
        of = self._settings
        if of.smtp_host is None:
            raise smtplib.SMTPException("alerts.smtp_host is not set")
        open_server = smtplib.SMTP_SSL if of.smtp_security == "tls" else smtplib.SMTP
        with open_server(of.smtp_host, of.smtp_port, timeout=of.timeout_seconds) as server:
            if of.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if of.smtp_username and of.smtp_password:
                server.login(of.smtp_username, of.smtp_password.get_secret_value())
            server.send_message(message)
