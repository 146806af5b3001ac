"""Documents over HTTP: where a feed may be led, who sees its credentials, how long it waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from connectors.sources.fetch import Fetcher, FetchOptions, bare, retry_after_seconds
from pipeline.wire.errors import NotAllowed, SourceUnavailable

PUBLIC = {"cdn.example": "93.184.216.34", "inside.example": "10.0.0.5", "meta.example": "::1"}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that no name server is asked for."""

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (PUBLIC.get(host, host), port))]

    monkeypatch.setattr("connectors.sources.fetch.socket.getaddrinfo", getaddrinfo)


def fetcher(answers: dict[str, httpx.Response], asked: list[httpx.Request], **more: Any) -> Fetcher:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        # What is not the feed's own is asked at its address, under its name.
        return answers[str(request.url.copy_with(netloc=request.headers["host"].encode()))]

    given = {"token": "t", "username": "u", "password": "p", **more.pop("options", {})}
    options = FetchOptions(url="https://wire.example/feed", **given)
    return Fetcher(options, transport=httpx.MockTransport(answer), **more)


def redirect(to: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": to})


def test_hosts_that_are_not_allowed() -> None:
    """A link to a public host that the feed does not name is not followed."""
    asked: list[httpx.Request] = []
    answers = {"https://cdn.example/a": httpx.Response(200, content=b"a")}
    with pytest.raises(NotAllowed, match=r"cdn\.example is not among its hosts"):
        fetcher(answers, asked, hosts=()).get("https://cdn.example/a")
    page = fetcher(answers, asked, hosts=("cdn.example",)).get("https://cdn.example/a")
    assert page is not None
    assert page.raw == b"a"


def test_private_hosts_that_are_allowed() -> None:
    """A feed inside a private network may say so."""
    answers = {"https://inside.example/a": httpx.Response(200, content=b"a")}
    with pytest.raises(NotAllowed):
        fetcher(answers, [], hosts=("inside.example",)).get("https://inside.example/a")
    allowed = fetcher(answers, [], hosts=("inside.example",), private=True)
    assert allowed.get("https://inside.example/a") is not None


def test_credentials_stay_at_home() -> None:
    """Token and password go to the feed's own host and nowhere else."""
    asked: list[httpx.Request] = []
    answers = {
        "https://wire.example/feed": redirect("https://cdn.example/a"),
        "https://cdn.example/a": httpx.Response(200),
    }
    fetcher(answers, asked, options={"token_header": "X-Api-Key"}).get("https://wire.example/feed")
    own, other = asked
    assert own.headers["x-api-key"] == "t"
    assert own.headers["authorization"].startswith("Basic ")
    assert not {"x-api-key", "authorization"} & set(other.headers)


def test_redirects_end() -> None:
    """A circle of redirects is a failure."""
    answers = {"https://wire.example/feed": redirect("/feed")}
    with pytest.raises(SourceUnavailable, match="redirects"):
        fetcher(answers, []).get("https://wire.example/feed")


def test_drip(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a byte now and then is given up after timeout_seconds in all."""
    clock = [0.0]
    monkeypatch.setattr("connectors.sources.fetch.time.monotonic", lambda: clock[0])

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            while True:
                clock[0] += 4
                yield b"x"

    answers = {"https://wire.example/feed": httpx.Response(200, stream=Drip())}
    with pytest.raises(SourceUnavailable, match="not whole after 10 s"):
        fetcher(answers, [], options={"timeout_seconds": 10}).get("https://wire.example/feed")


def test_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are spaced as the feed's rate asks."""
    slept: list[float] = []
    monkeypatch.setattr("connectors.sources.fetch.time.sleep", slept.append)
    monkeypatch.setattr("connectors.sources.fetch.time.monotonic", lambda: 1000.0)
    answers = {"https://wire.example/feed": httpx.Response(200)}
    slow = fetcher(answers, [], per_second=4)
    for _ in range(3):
        slow.get("https://wire.example/feed")
    assert slept == [0.0, 0.25, 0.25]


def test_gzip_bomb() -> None:
    """Bytes are counted as unpacked."""
    import gzip

    packed = gzip.compress(b"x" * 10_000_000)
    answers = {
        "https://wire.example/feed": httpx.Response(
            200, headers={"content-encoding": "gzip"}, content=packed
        )
    }
    with pytest.raises(SourceUnavailable, match="longer than"):
        fetcher(answers, [], options={"max_bytes": 100_000}).get("https://wire.example/feed")


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [("30", 30.0), ("", 0.0), ("-1", 0.0), ("soon", 0.0), ("nan", 0.0), ("999999999", 86_400.0)],
)
def test_retry_after_in_seconds(sent: str, seconds: float) -> None:
    """Retry-After in seconds, a day at most; nonsense counts as none."""
    assert retry_after_seconds({"retry-after": sent}) == seconds


def test_retry_after_as_a_date() -> None:
    """Retry-After as a date counts from now."""
    at = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < retry_after_seconds({"retry-after": at}) <= 3600


def test_shown_urls_have_no_secrets() -> None:
    """What is logged of a URL has neither credentials nor query."""
    assert bare("https://u:p@wire.example/feed?key=secret") == "https://wire.example/feed"


@pytest.mark.parametrize(
    "options",
    [
        {"url": "https://u:secret@wire.example/"},
        {"url": "https://wire.example/", "headers": {"authorization": "secret"}},
        {"url": "ftp://wire.example/"},
    ],
)
def test_secrets_in_the_file(options: dict[str, Any]) -> None:
    """A password in a URL or a header is refused, and not said again."""
    with pytest.raises(ValidationError) as caught:
        FetchOptions(**options)
    assert all("secret@" not in fault["msg"] for fault in caught.value.errors())
