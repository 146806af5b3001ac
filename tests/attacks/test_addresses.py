"""Where a feed may not be led, however it is asked to (server-side request forgery)."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

from connectors.sources.fetch import Fetcher, FetchOptions, NotAllowed
from pipeline.wire.errors import SourceUnavailable

FEED = "https://wire.example/feed"
NAMES = {
    "loopback.example": ["127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:10.0.0.5"],
    "both.example": ["93.184.216.34", "10.0.0.5"],
    "public.example": ["93.184.216.34"],
}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that no name server is asked for; numbers of every kind as the system reads them."""
    system = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, **more: Any) -> list[Any]:
        if host in NAMES:
            return [(0, 0, 0, "", (address, port)) for address in NAMES[host]]
        return system(host, port, flags=socket.AI_NUMERICHOST, **more)

    monkeypatch.setattr("connectors.sources.fetch.socket.getaddrinfo", getaddrinfo)


PLACES = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0.0.0.0/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.5/",
    "https://192.168.0.1:9200/",
    "https://172.16.0.1/",
    "https://100.64.0.1/",
    "https://loopback.example/",
    "https://six.example/",
    "https://mapped.example/",
    "https://both.example/",
    "https://wire.example@127.0.0.1/",
    "https://wire.example:x@loopback.example/",
    "//127.0.0.1/",
    "http://public.example/",
    "file:///etc/passwd",
    "ftp://public.example/",
    "gopher://127.0.0.1:9092/_",
    "data:text/xml,<rss/>",
    "javascript:alert(1)",
    "https:///no-host",
]


@pytest.mark.parametrize("place", PLACES)
def test_no_redirect_leads_inside(place: str) -> None:
    """No address inside, however it is spelt, and no other scheme is asked."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["host"])
        return httpx.Response(302, headers={"location": place})

    fetcher = Fetcher(FetchOptions(url=FEED), transport=httpx.MockTransport(answer))
    with pytest.raises(SourceUnavailable):
        fetcher.get(FEED)
    assert set(asked) == {"wire.example"}


@pytest.mark.parametrize("place", ["https://public.example/", "https://wire.example.evil.example/"])
def test_no_link_leads_to_a_host_that_is_not_named(place: str) -> None:
    """What a delivery links to is fetched from hosts that the feed names, and from no other."""
    fetcher = Fetcher(
        FetchOptions(url=FEED),
        hosts=(),
        transport=httpx.MockTransport(lambda _: httpx.Response(200)),
    )
    with pytest.raises(NotAllowed, match="not among its hosts"):
        fetcher.get(place)


def test_a_name_that_changes_its_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was judged is the one that is asked, under the name it was given for."""
    answers = [["93.184.216.34"], ["127.0.0.1"]]

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr("connectors.sources.fetch.socket.getaddrinfo", getaddrinfo)
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=b"x")

    fetcher = Fetcher(
        FetchOptions(url=FEED), hosts=("public.example",), transport=httpx.MockTransport(answer)
    )
    assert fetcher.get("https://public.example:8443/a?b=c") is not None
    (request,) = asked
    assert str(request.url) == "https://93.184.216.34:8443/a?b=c"
    assert request.headers["host"] == "public.example:8443"
    assert request.extensions["sni_hostname"] == "public.example"
