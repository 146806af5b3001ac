"""Imports saved objects into a running Kibana through its API."""

from __future__ import annotations

import httpx

from pipeline.wire.errors import KibanaUnavailable, SetupError


def send(
    url: str,
    ndjson: bytes,
    api_key: str | None = None,
    auth: tuple[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """Import saved objects, replacing those with the same id; return how many.

    Raises:
        KibanaUnavailable: Kibana can't be reached, or is starting.
        SetupError: Kibana refuses the objects or the credentials.
    """
    headers = {"kbn-xsrf": "newswire"}
    if api_key:
        headers["Authorization"] = f"ApiKey {api_key}"
    try:
        with httpx.Client(headers=headers, auth=auth, timeout=60, transport=transport) as client:
            answer = client.post(
                f"{url.rstrip('/')}/api/saved_objects/_import",
                params={"overwrite": "true"},
                files={"file": ("newswire.ndjson", ndjson, "application/ndjson")},
            )
    except httpx.HTTPError as error:
        raise KibanaUnavailable(f"Kibana at {url} can't be reached: {error}") from error
    if answer.status_code == 503:
        raise KibanaUnavailable(f"Kibana at {url} is not ready yet: try again")
    if answer.status_code in (401, 403):
        raise SetupError(f"Kibana at {url} refuses these credentials (HTTP {answer.status_code})")
    try:
        body = answer.json()
    except ValueError:
        body = {}
    # Kibana answers 200 even if part of the import failed: only the body shows it.
    if answer.status_code != 200 or not body.get("success"):
        errors = [
            f"{fault.get('type')} {fault.get('id')}: {fault.get('error', {}).get('type')}"
            for fault in body.get("errors", ())
        ]
        reason = "; ".join(errors) or body.get("message") or "no reason given"
        raise SetupError(f"Kibana at {url}: HTTP {answer.status_code}: {reason}")
    return int(body["successCount"])
