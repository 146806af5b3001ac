"""Saved objects into a Kibana, played by a transport."""

from collections.abc import Callable

import httpx
import pytest

from pipeline.kibana.client import send
from pipeline.wire.errors import KibanaUnavailable, SetupError

URL = "http://kibana.example:5601/base/"


def answering(status: int, **body: object) -> httpx.MockTransport:
    """A Kibana that always answers so."""
    return httpx.MockTransport(lambda request: httpx.Response(status, json=body))


def test_objects_are_sent_as_a_file_that_replaces() -> None:
    """The import has Kibana's header, the key, the file, and replaces what has the same id."""
    seen: list[httpx.Request] = []

    def kibana(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"success": True, "successCount": 2})

    assert send(URL, b'{"id":1}\n', api_key="k", transport=httpx.MockTransport(kibana)) == 2
    (request,) = seen
    assert request.url == "http://kibana.example:5601/base/api/saved_objects/_import?overwrite=true"
    assert request.headers["kbn-xsrf"]
    assert request.headers["authorization"] == "ApiKey k"
    assert b'filename="newswire.ndjson"' in request.content
    assert b'{"id":1}\n' in request.content


@pytest.mark.parametrize(
    ("transport", "error", "reason"),
    [
        (answering(503), KibanaUnavailable, "not ready"),
        (answering(401), SetupError, "credentials"),
        (answering(400, message="bad file"), SetupError, "bad file"),
        (
            answering(
                200,
                success=False,
                errors=[{"type": "lens", "id": "x", "error": {"type": "missing_references"}}],
            ),
            SetupError,
            "lens x: missing_references",
        ),
    ],
)
def test_an_import_that_failed_says_why(
    transport: httpx.MockTransport, error: type[Exception], reason: str
) -> None:
    """A refusal is a sentence, also where Kibana wraps it in a 200."""
    with pytest.raises(error, match=reason):
        send(URL, b"", transport=transport)


def test_a_kibana_that_is_away_is_said() -> None:
    """No connection is not a refusal."""

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    kibana: Callable[[httpx.Request], httpx.Response] = away
    with pytest.raises(KibanaUnavailable, match="can't be reached"):
        send(URL, b"", transport=httpx.MockTransport(kibana))
