"""What supervisors and Prometheus ask of the page's process."""

from __future__ import annotations

import base64
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from config.settings import Settings, Web
from pipeline.web.app import create_app

TOKEN, ADMIN = "read-the-wires-9fKq2ZtLw7", "change-the-wires-Xr5bV8nQe3"


def asked(**web: Any) -> TestClient:
    """The application with no index."""
    app = create_app(Settings(web=Web(**web)))
    return TestClient(app, base_url="http://127.0.0.1")


def as_(token: str) -> dict[str, str]:
    """Headers with a token."""
    return {"authorization": "Basic " + base64.b64encode(f"x:{token}".encode()).decode()}


def test_health_needs_neither_index_nor_token() -> None:
    """A supervisor restarts a process that does not answer, not one whose index is away."""
    with asked(token=TOKEN) as client:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert client.get("/healthz/").status_code == 401


def test_readiness_is_the_index() -> None:
    """Without the index the process is not ready, and says no address of it."""
    with asked(token=TOKEN) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "the index can't be reached\n")


def test_metrics_are_the_administrators() -> None:
    """Where there is an administrator's token a reader's is not enough."""
    with asked(token=TOKEN, admin_token=ADMIN) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers=as_(TOKEN)).status_code == 401
        assert client.get("/metrics", headers=as_(ADMIN)).status_code == 200
    with asked() as client:
        assert client.get("/metrics").status_code == 200


def test_requests_are_measured_by_route() -> None:
    """An address may name a story, so the route is shown in its place."""
    with asked() as client:
        client.get("/story/harbour:secret")
        client.get("/no/such/page")
        text = client.get("/metrics").text
    assert "secret" not in text
    counted = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "newswire_http_request_seconds_count"
    }
    assert [n for (route, _), n in counted.items() if route.startswith("/story/{")] == [1.0]
    assert counted["none", "404"] == 1.0
