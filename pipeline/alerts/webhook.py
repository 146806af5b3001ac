"""What receivers get: the body of a delivery, and a signed POST of it. Pure but for `post`.

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
from contextlib import suppress

import httpx

from pipeline.alerts.channel import Gone, NotTaken, message_id
from pipeline.alerts.outbox import Delivery


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        with suppress(binascii.Error):  # a plain secret that begins so
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


async def post(
    client: httpx.AsyncClient, url: str, secret: str, delivery: Delivery, body: bytes, at: int
) -> None:
    """Send it, signed.

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
        async with client.stream("POST", url, content=body, headers=headers) as answer:
            status = answer.status_code
    except httpx.HTTPError as error:
        raise NotTaken(f"{type(error).__name__}: {error}") from error
    if status == 410:
        raise Gone("HTTP 410: the receiver asks not to be told again")
    if not 200 <= status < 300:
        raise NotTaken(f"HTTP {status}")
