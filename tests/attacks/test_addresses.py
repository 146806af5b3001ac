"""Where a feed may not be led, however it is asked to (server-side request forgery)."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

from connectors.sources.addresses import address, is_public
from connectors.sources.fetch import Fetcher, FetchOptions
from pipeline.wire.errors import NotAllowed, SourceUnavailable

FEED = "https://wire.example/feed"
NAMES = {
    "loopback.example": ["127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:10.0.0.5"],
    "both.example": ["93.184.216.34", "10.0.0.5"],
    "public.example": ["93.184.216.34"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "wire.example": ["10.0.0.5"],
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
    # The feed's own name, on another port, with another scheme, or as another user.
    "https://wire.example:9200/",
    "https://WIRE.example.:443/",
    "http://wire.example/feed",
    "https://u@wire.example/",
    "https://nat64.example/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a00:5::1]/",
    "https://[fec0::1]/",
    "https://[::7f00:1]/",
    "https://[::ffff:0:7f00:1]/",
    "https://[2001:0:5ef5:79fb::]/",
    "https://[2606:4700::5efe:7f00:1]/",
    "https://[ff02::1]/",
    "https://224.0.0.1/",
    "https://192.88.99.1/",
    "https://192.0.0.8/",
    "https://240.0.0.1/",
    "https://198.18.0.1/",
    "https://public.example:99999/",
    "https://public.example:x/",
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


@pytest.mark.parametrize("place", [FEED, "https://wire.example:443/other", "https://Wire.Example/"])
def test_the_configured_origin_may_be_private(place: str) -> None:
    """The scheme, host and port of the feed's own URL are used, even in a private network."""
    answers = [httpx.Response(302, headers={"location": place}), httpx.Response(200)]
    fetcher = Fetcher(
        FetchOptions(url=FEED), transport=httpx.MockTransport(lambda _: answers.pop(0))
    )
    assert fetcher.get(FEED) is not None


@pytest.mark.parametrize(
    "public",
    ["93.184.216.34", "2606:4700::1", "64:ff9b::5db8:d822", "2002:5db8:d822::1", "::ffff:8.8.8.8"],
)
def test_public_addresses(public: str) -> None:
    """A public address is used, also one that stands for a public IPv4 address."""
    assert is_public(address(public))


@pytest.mark.parametrize("private", [True, False])
def test_every_hop_is_checked_and_pinned(private: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each redirect connects to the address that was checked; the second hop may be refused."""
    hops = iter(["https://public.example/a", "https://loopback.example/b"])
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        where = next(hops, None)
        return httpx.Response(302, headers={"location": where}) if where else httpx.Response(200)

    fetcher = Fetcher(
        FetchOptions(url=FEED), private=private, transport=httpx.MockTransport(answer)
    )
    if private:
        assert fetcher.get(FEED) is not None
        assert asked == ["wire.example", "93.184.216.34", "127.0.0.1"]
    else:
        with pytest.raises(NotAllowed, match="private address"):
            fetcher.get(FEED)
        assert asked == ["wire.example", "93.184.216.34"]
