"""Alerts to a webhook: a signed POST of each delivery.

Headers and signature follow Standard Webhooks 1.0.0 (standardwebhooks.com): `webhook-id`,
`webhook-timestamp`, and `webhook-signature: v1,` with the base64 of the HMAC-SHA256 of
"id.timestamp.body". The secret is used as its UTF-8 bytes, or, where it begins with "whsec_",
as the base64 behind that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from config.alerts import Alert, alert_variable
from config.settings import Settings
from pipeline.alerts.channel import LOCAL, Channel, Gone, NotTaken, message_id
from pipeline.alerts.outbox import Delivery
from pipeline.desk.alerts import public_address

MIN_SECRET_CHARACTERS = 16


class Webhook(Channel):
    """An address that takes POST requests; its value in an alert's table is the address."""

    key = "webhook"

    def __init__(self, settings: Settings) -> None:
        self._client = httpx.AsyncClient(
            timeout=settings.alerts.timeout_seconds, follow_redirects=False, trust_env=False
        )

    @classmethod
    def check(cls, alert: Alert, value: Any) -> None:
        """Check that the address is encrypted or local, and that there is a secret to sign with."""
        try:
            address = urlsplit(value if isinstance(value, str) else "")
            local = address.scheme == "http" and address.hostname in LOCAL
            usable = bool(address.hostname) and (address.scheme == "https" or local)
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("must be an https address (http on this machine only)")
        if address.username or address.password:
            raise ValueError("must hold no password: the signature is the proof")
        if not alert.secret or len(alert.secret.get_secret_value()) < MIN_SECRET_CHARACTERS:
            raise ValueError(
                f"is signed: set {alert_variable(alert.name)} to a secret of at least "
                f"{MIN_SECRET_CHARACTERS} characters"
            )

    async def send(self, alert: Alert, delivery: Delivery, body: bytes) -> None:
        """Post it, signed with the alert's secret."""
        secret = alert.secret.get_secret_value() if alert.secret else ""
        url, at = alert.keys[self.key], int(time.time())
        address = await _guarded(url) if alert.guarded else None
        await post(self._client, url, secret, delivery, body, at, address)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


async def _guarded(url: str) -> str | None:
    """Return the public IP address of a receiver that an editor named.

    Raises:
        NotTaken: it has none.
    """
    try:
        return await public_address(url)
    except ValueError as error:
        raise NotTaken(str(error)) from None


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        with suppress(binascii.Error):  # a plain secret that begins so
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


async def post(
    client: httpx.AsyncClient,
    url: str,
    secret: str,
    delivery: Delivery,
    body: bytes,
    at: int,
    address: str | None = None,
) -> None:
    """Send a delivery, signed.

    Args:
        client: an open client.
        url: the receiver.
        secret: what it is signed with.
        delivery: what is told.
        body: the content.
        at: the time of the signature, in seconds since the epoch.
        address: the IP address to connect to, if the name was looked up already.

    Redirects are not followed: what is signed for one host goes to no other.

    Raises:
        NotTaken: no answer, or none of the 2xx.
    """
    id = message_id(delivery)
    headers = {
        "content-type": "application/json",
        "user-agent": "newswire",
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(secret, id, at, body),
    }
    try:
        # The answer's body is of no interest, and could be endless.
        to, extensions = httpx.URL(url), {}
        if address is not None:
            headers["host"] = to.netloc.decode("ascii")
            to, extensions = to.copy_with(host=address), {"sni_hostname": to.host}
        async with client.stream(
            "POST", to, content=body, headers=headers, extensions=extensions
        ) as answer:
            status = answer.status_code
    except httpx.HTTPError as error:
        raise NotTaken(f"{type(error).__name__}: {error}") from error
    if status == 410:
        raise Gone("HTTP 410: the receiver asks for no further deliveries")
    if not 200 <= status < 300:
        raise NotTaken(f"HTTP {status}")
