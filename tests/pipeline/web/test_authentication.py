"""Beyond the loopback a token is asked for, and guessing is slow."""

import time
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any

import pytest
import uvicorn
from fastapi import Request
from starlette.testclient import TestClient

from config.settings import Settings, Web, load
from pipeline.desk.users import Users
from pipeline.process.guesses import MOST
from pipeline.search.visible import Role
from pipeline.web import authentication
from pipeline.web.__main__ import server_options
from pipeline.web.app import create_app
from pipeline.wire.errors import ConfigError

TOKEN, ADMIN = "read-the-wires-9fKq2ZtLw7", "change-the-wires-Xr5bV8nQe3"


def asked(
    data_dir: Path = Path("no-such-folder"), peer: str = "10.0.0.1", **web: Any
) -> TestClient:
    """The application with no index: what passes the door gets as far as that."""
    app = create_app(Settings(data_dir=data_dir, web=Web(**web)))
    return TestClient(app, base_url="http://127.0.0.1", client=(peer, 9))


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
@pytest.mark.parametrize(
    "weak", ["", "1234567", "read-the-wires", "0" * 40, "1" * 20 + "2" * 20, "9f" * 15, "ab12" * 6]
)
def test_a_token_that_can_be_guessed_is_refused(name: str, weak: str) -> None:
    """A token has 128 bits: the start ends with a sentence that says how to make one."""
    variable = f"NEWSWIRE_WEB__{name.upper()}"
    with pytest.raises(ConfigError, match="a token needs 128 random bits") as error:
        load(environ={variable: weak})
    assert variable in str(error.value)
    assert not weak or weak not in str(error.value)


@pytest.mark.parametrize(("make", "size"), [(token_urlsafe, 24), (token_hex, 16)])
def test_a_random_token_is_taken(make: Callable[[int], str], size: int) -> None:
    """Tokens as the sentence above and `openssl rand -hex 16` make them."""
    for _ in range(1000):
        assert Web(token=make(size)).token  # type: ignore[arg-type]


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


def test_a_right_token_is_always_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some wrong tokens of an address more are answered 429, slowly; the right one passes."""
    monkeypatch.setattr(authentication, "SLOW_SECONDS", 0.2)
    client = asked(token=TOKEN)
    for n in range(MOST):
        assert client.get("/openapi.json", auth=("x", f"guess {n}")).status_code == 401
    started = time.monotonic()
    answer = client.get("/openapi.json", auth=("x", "guess"))
    assert time.monotonic() - started >= 0.2
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert client.get("/openapi.json", auth=("x", TOKEN)).status_code == 200


def test_the_admin_token_is_always_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The form of the operations page takes so many wrong tokens, and any time the right one."""
    monkeypatch.setattr(authentication, "SLOW_SECONDS", 0.0)
    client = asked(admin_token=ADMIN)
    for n in range(MOST):
        assert client.post("/operations", data={"token": f"guess {n}"}).status_code == 401
    answer = client.post("/operations", data={"token": "guess"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    answer = client.post("/operations", data={"token": ADMIN}, follow_redirects=False)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("proxies", "last"), [((), 429), (("10.0.0.0/8",), 401), (("192.0.2.1",), 429)]
)
def test_addresses_are_believed_from_trusted_proxies_alone(
    proxies: tuple[str, ...], last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X-Forwarded-For of anybody else gives a guesser no new address."""
    monkeypatch.setattr(authentication, "SLOW_SECONDS", 0.0)
    settings = Settings(web=Web(token=TOKEN, proxy_addresses=proxies))  # type: ignore[arg-type]
    config = uvicorn.Config(create_app(settings), **server_options(settings))
    config.load()
    client = TestClient(config.loaded_app, base_url="http://127.0.0.1", client=("10.0.0.1", 9))
    for n in range(MOST + 1):
        headers = {"X-Forwarded-For": f"203.0.113.{n}"}
        answer = client.get("/openapi.json", auth=("x", "guess"), headers=headers)
    assert answer.status_code == last


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("192.0.2.7", 200),
        ("LocalHost.", 200),
        ("wires.example.org:443", 200),
        ("wires.example.org.evil.example", 400),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost@evil.example", 400),
        ("[::1].evil.example", 400),
        ("a/b", 400),
        ("", 400),
    ],
)
def test_unknown_host_names_are_refused(host: str, status: int) -> None:
    """A name that another site points at this machine is not ours, and no feed links to it."""
    client = asked(allowed_hosts=["wires.example.org"])
    assert client.get("/openapi.json", headers={"Host": host}).status_code == status


def test_any_host_can_be_allowed() -> None:
    """For a proxy that checks the name itself."""
    client = asked(allowed_hosts=["*"])
    assert client.get("/openapi.json", headers={"Host": "any.example"}).status_code == 200


def test_an_unknown_address_is_a_page_in_a_browser() -> None:
    """A person reads a page, a program JSON."""
    client = asked()
    page = client.get("/no/such/page", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404
    assert "There is nothing at this address" in page.text
    assert "All stories" in page.text
    for path, accept in (("/no", "*/*"), ("/api/no", "text/html")):
        answer = client.get(path, headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.json()["detail"]


def test_what_browsers_and_robots_request() -> None:
    """The icon is an icon, and no robot reads a licensed wire."""
    client = asked()
    icon = client.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/svg+xml"
    assert icon.content.startswith(b"<svg")
    assert "Disallow: /\n" in client.get("/robots.txt").text


def whose(client: TestClient, **request: Any) -> tuple[int, str, str]:
    """Status of a request, and the person that a route sees."""
    seen: list[authentication.Person] = []

    async def route(request: Request) -> dict[str, str]:
        seen.append(authentication.person(request))
        return {}

    app: Any = client.app
    path = f"/who/{len(app.routes)}"
    app.add_api_route(path, route)
    status = client.get(path, **request).status_code
    return status, seen[0].key if seen else "", seen[0].viewer.role.value if seen else ""


def test_each_token_has_its_person(tmp_path: Path) -> None:
    """A user's own token, the shared one and the administrator's."""
    client = asked(data_dir=tmp_path, token=TOKEN, admin_token=ADMIN)
    own = Users(tmp_path).add("ana", Role.EDITOR, ["AP"])
    assert whose(client, auth=("ben", own)) == (200, "user:ana", "editor")
    assert whose(client, auth=("x", TOKEN)) == (200, "token:reader", "reader")
    assert whose(client, auth=("x", ADMIN)) == (200, "token:admin", "admin")
    assert whose(client)[0] == 401


def test_users_alone_close_the_door(tmp_path: Path) -> None:
    """Without a token of the settings everybody reads, until the first user is added."""
    client = asked(data_dir=tmp_path)
    assert whose(client) == (200, "local", "reader")
    users = Users(tmp_path)
    token = users.add("ana", Role.ADMIN, None)
    assert whose(client)[0] == 401
    assert whose(client, auth=("x", token)) == (200, "user:ana", "admin")
    users.remove("ana")
    assert whose(client, auth=("x", token))[0] == 401
    assert client.get("/operations", auth=("x", token)).status_code == 401


def test_a_damaged_list_of_users_lets_nobody_in(tmp_path: Path) -> None:
    """The answer says so without the file's name."""
    client = asked(data_dir=tmp_path, token=TOKEN)
    (tmp_path / "users.json").write_text("[")
    answer = client.get("/openapi.json", auth=("x", "wrong"))
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize(
    ("peer", "names", "status"),
    [
        ("10.0.0.1", ["ana"], 200),
        ("10.0.0.1", ["ben"], 200),
        ("10.0.0.1", [], 401),
        ("10.0.0.1", [""], 401),
        ("10.0.0.1", ["ana", "ben"], 401),
        ("192.0.2.1", ["ana"], 401),
        ("testclient", ["ana"], 401),
    ],
)
def test_a_name_counts_from_trusted_proxies_alone(
    tmp_path: Path, peer: str, names: list[str], status: int
) -> None:
    """Nobody names himself, not even with the address of a proxy in X-Forwarded-For."""
    Users(tmp_path).add("ana", Role.EDITOR, ["AP"])
    web = {"proxy_addresses": ["10.0.0.0/8"], "user_header": "X-Forwarded-User"}
    client = asked(data_dir=tmp_path, peer=peer, **web)
    headers = [("X-Forwarded-User", name) for name in names]
    headers.append(("X-Forwarded-For", "10.0.0.1" if status == 401 else "203.0.113.9"))
    got, key, role = whose(client, headers=headers)
    assert got == status
    if status == 200:
        # Whom the proxy lets in and nobody has listed is a reader.
        assert (key, role) == (f"user:{names[0]}", "editor" if names == ["ana"] else "reader")


def test_a_header_without_proxies_stops_the_start() -> None:
    """It would count from nobody."""
    with pytest.raises(ConfigError, match="proxy_addresses"):
        load(environ={"NEWSWIRE_WEB__USER_HEADER": "X-Forwarded-User"})
