"""Beyond the loopback a token is asked for, and guessing is slow."""

from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from config.settings import Settings, Web, load
from pipeline.process.guesses import MOST
from pipeline.web.app import create_app
from pipeline.wire.errors import ConfigError

TOKEN, ADMIN = "read-the-wires", "change-the-wires"


def asked(**web: Any) -> TestClient:
    """The application with no index: what passes the door gets as far as that."""
    return TestClient(
        create_app(Settings(web=Web(**web))), base_url="http://127.0.0.1", client=("10.0.0.1", 9)
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "wires.example.org"])
def test_no_open_door(host: str) -> None:
    """A start beyond the loopback without a token is refused with the setting's name."""
    with pytest.raises(ConfigError, match="NEWSWIRE_WEB__TOKEN"):
        load(environ={"NEWSWIRE_WEB__HOST": host})
    assert load(environ={"NEWSWIRE_WEB__HOST": host, "NEWSWIRE_WEB__TOKEN": TOKEN}).web.token
    assert Web(host=host, trusted_proxy=True).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_the_loopback_is_open(host: str) -> None:
    """On the loopback no token is needed."""
    assert Web(host=host).token is None


@pytest.mark.parametrize("name", ["token", "admin_token"])
def test_no_token_that_is_guessed_at_once(name: str) -> None:
    """An empty or very short token is refused."""
    with pytest.raises(ValidationError):
        Web(**{name: ""})
    with pytest.raises(ValidationError):
        Web(**{name: "1234567"})


def test_every_address_is_behind_the_door() -> None:
    """Without the token no address says anything but that it is needed, static files included."""
    client = asked(token=TOKEN, admin_token=ADMIN)
    api = client.get("/openapi.json", auth=("x", TOKEN)).json()["paths"]
    assert len(api) >= 10
    for path in [*api, "/", "/operations", "/openapi.json", "/static/page.js", "/nowhere"]:
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert "Content-Security-Policy" in answer.headers
        assert "token" in answer.json()["detail"]


@pytest.mark.parametrize("token", [TOKEN, ADMIN])
def test_the_token_opens(token: str) -> None:
    """As a Bearer token, or as the password that a browser or a feed reader asks for."""
    client = asked(token=TOKEN, admin_token=ADMIN)
    bearer = client.get("/openapi.json", headers={"Authorization": f"Bearer {token}"})
    assert bearer.status_code == 200
    assert client.get("/openapi.json", auth=("anybody", token)).status_code == 200


@pytest.mark.parametrize("wrong", ["Bearer", "Basic", "Basic !", "Basic /w==", "Bearer é", "x"])
def test_what_is_no_token(wrong: str) -> None:
    """A damaged header is no token and no error of ours."""
    client = asked(token=TOKEN)
    answer = client.get("/openapi.json", headers={"Authorization": wrong.encode("utf-8")})
    assert answer.status_code == 401


def test_who_guesses_waits() -> None:
    """After some wrong tokens the right one is not listened to either, for a while."""
    client = asked(token=TOKEN)
    for n in range(MOST):
        assert client.get("/openapi.json", auth=("x", f"guess {n}")).status_code == 401
    answer = client.get("/openapi.json", auth=("x", TOKEN))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60


def test_who_guesses_at_the_admin_token_waits() -> None:
    """The form of the operations page, too, takes so many wrong tokens and no more."""
    client = asked(admin_token=ADMIN)
    for n in range(MOST):
        assert client.post("/operations", data={"token": f"guess {n}"}).status_code == 401
    answer = client.post("/operations", data={"token": ADMIN}, follow_redirects=False)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
