"""Documents over HTTP (RFC 9110): conditional, bounded, and only from permitted hosts."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from urllib.parse import urljoin, urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator

from connectors.sources.addresses import address, is_public
from connectors.sources.base import MAX_BYTES, Options
from pipeline import __version__
from pipeline.wire.errors import Answered, NotAllowed, SourceUnavailable

MAX_REDIRECTS = 5
LONGEST_RETRY_SECONDS = 86_400.0
NOTHING: Mapping[str, str] = MappingProxyType({})

VALIDATORS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
"""The validators of an answer, each with the header that makes a request conditional on it."""


class FetchOptions(Options):
    """The keys of every feed over HTTP."""

    url: str = Field(pattern=r"^https?://")
    interval_seconds: float = Field(default=60.0, gt=0)
    timeout_seconds: float = Field(default=20.0, gt=0)
    """For a whole answer."""
    max_bytes: int = Field(default=MAX_BYTES, ge=1)
    """A longer answer is a failure of the source."""
    user_agent: str = f"newswire/{__version__}"
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent with each request. Must not hold secrets."""
    username: str | None = None
    """For basic authentication, with the password."""
    password: SecretStr | None = None
    token: SecretStr | None = None
    """Sent as `Authorization: Bearer TOKEN`, or alone in `token_header`."""
    token_header: str = "Authorization"  # noqa: S105 (a header's name)

    @field_validator("headers")
    @classmethod
    def _no_secrets(cls, headers: dict[str, str]) -> dict[str, str]:
        for name in headers:
            if name.lower() in ("authorization", "proxy-authorization", "cookie"):
                raise ValueError(f"{name} is a secret: use token, or username and password")
        return headers

    @field_validator("url")
    @classmethod
    def _no_password(cls, url: str) -> str:
        if urlsplit(url).password is not None:
            raise ValueError("holds a password, which belongs in the environment")
        return url

    def credentials(self) -> dict[str, str]:
        """Return the headers that authenticate the feed."""
        if self.token is None:
            return {}
        token = self.token.get_secret_value()
        bearer = self.token_header.lower() == "authorization"
        return {self.token_header: f"Bearer {token}" if bearer else token}


@dataclass(frozen=True, slots=True)
class Page:
    """A document as it was received."""

    raw: bytes
    validators: Mapping[str, str | None]
    """Its ETag and Last-Modified, None where the server sends none."""
    moved_to: str | None
    """Its new URL, if every redirect that led to it was permanent."""
    link: str = ""
    """Its Link header (RFC 8288)."""


class Fetcher:
    """A client for one feed.

    The scheme, host and port of the feed's URL are used as configured, and may be private.
    Any other, which a redirect or a link leads to, must be in `hosts` (None: any host), and
    public unless `private` is True; http is refused where the feed's URL is https, unless
    `unencrypted` is True. Each is checked at every step, and the connection uses the
    address that was checked, whatever the name resolves to a moment later. Credentials are sent
    to the scheme, host and port of the feed's URL only.
    """

    def __init__(
        self,
        options: FetchOptions,
        hosts: Collection[str] | None = None,
        private: bool = False,
        per_second: float | None = None,
        unencrypted: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._options = options
        self._own = _origin(options.url)
        self._hosts = hosts
        self._private = private
        self._unencrypted = unencrypted
        self._pause = 1 / per_second if per_second else 0.0
        self._next_at = 0.0
        self._credentials = options.credentials()
        self._basic = (
            httpx.BasicAuth(options.username, options.password.get_secret_value())
            if options.username and options.password
            else None
        )
        self._client = httpx.Client(
            timeout=options.timeout_seconds,
            headers={"User-Agent": options.user_agent, **options.headers},
            transport=transport,
        )

    def get(self, url: str, conditions: Mapping[str, str] = NOTHING) -> Page | None:
        """Return the document at a URL; None if it has not changed (304).

        Raises:
            Answered: the server's status does not mean success.
            SourceUnavailable: no answer, too long, too slow, or an address not allowed.
        """
        at, permanent = url, True
        for _ in range(MAX_REDIRECTS + 1):
            response, raw = self._exchange(at, conditions, self._allowed(at))
            if response.status_code == httpx.codes.NOT_MODIFIED:
                return None
            if not response.is_redirect:
                break
            permanent = permanent and response.status_code in (301, 308)
            at = urljoin(at, response.headers["location"])
        else:
            raise SourceUnavailable(f"{bare(url)}: more than {MAX_REDIRECTS} redirects")
        if not response.is_success:
            raise _answered(url, response)
        validators = {name: response.headers.get(name) for name in VALIDATORS}
        link = response.headers.get("link", "")
        return Page(raw, validators, at if permanent and at != url else None, link)

    def post(self, url: str, form: Mapping[str, str]) -> None:
        """Send a form. Redirects are not followed.

        Raises:
            Answered: the server's status does not mean success.
            SourceUnavailable: no answer, or an address not allowed.
        """
        response, _ = self._exchange(url, NOTHING, self._allowed(url), form)
        if not response.is_success:
            raise _answered(url, response)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _exchange(
        self,
        url: str,
        conditions: Mapping[str, str],
        address: str | None,
        form: Mapping[str, str] | None = None,
    ) -> tuple[httpx.Response, bytes]:
        limit, seconds = self._options.max_bytes, self._options.timeout_seconds
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        self._next_at = time.monotonic() + self._pause
        deadline = time.monotonic() + seconds
        own = self._is_own(url)
        raw = bytearray()
        headers = {**conditions, **(self._credentials if own else {})}
        try:
            asked, extensions = httpx.URL(url), {}
            if address is not None:
                headers["Host"] = asked.netloc.decode("ascii")
                extensions = {"sni_hostname": asked.host}
                asked = asked.copy_with(host=address, username="", password="")
            with self._client.stream(
                "GET" if form is None else "POST",
                asked,
                data=form,
                headers=httpx.Headers(headers, encoding="utf-8"),
                auth=self._basic if own else None,
                extensions=extensions,
            ) as response:
                if not response.is_success:
                    return response, b""
                for chunk in response.iter_bytes():
                    raw += chunk
                    if len(raw) > limit:
                        raise SourceUnavailable(f"{bare(url)}: longer than {limit:,} bytes")
                    if time.monotonic() > deadline:  # a server may send a byte now and then
                        raise SourceUnavailable(f"{bare(url)}: not whole after {seconds:g} s")
        except httpx.LocalProtocolError:
            # The library's message repeats the header, and the header may be the token.
            why = "a header can't be sent: see the feed's token and headers for line breaks"
            raise SourceUnavailable(f"{bare(url)}: {why}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceUnavailable(f"{bare(url)}: {error or type(error).__name__}") from error
        return response, bytes(raw)

    def _is_own(self, url: str) -> bool:
        return _origin(url) == self._own

    def _allowed(self, url: str) -> str | None:
        """Return the address to connect to; None to connect by name.

        Raises:
            NotAllowed: the feed may not use this URL.
        """
        origin = _origin(url)
        if origin is None:
            raise NotAllowed(f"{bare(url)}: not followed: not a web address")
        if origin == self._own:
            return None
        own_scheme = self._own.scheme if self._own else None
        if (own_scheme, origin.scheme) == ("https", "http") and not self._unencrypted:
            raise NotAllowed(f"{bare(url)}: not followed: not encrypted")
        own_host = self._own.host if self._own else None
        if self._hosts is not None and origin.host not in (*self._hosts, own_host):
            raise NotAllowed(f"{bare(url)}: not followed: {origin.host} is not among its hosts")
        found = _addresses(origin.host, origin.port)
        if not self._private and not all(map(is_public, found)):
            raise NotAllowed(f"{bare(url)}: not followed: a private address")
        return str(found[0])


@dataclass(frozen=True, slots=True)
class _Origin:
    """What must be equal for two URLs to have one server and one user."""

    scheme: str
    host: str
    port: int
    user: str


def _origin(url: str) -> _Origin | None:
    """Return the origin of a URL; None if it is not a web address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (KeyError, ValueError):
        return None
    if not parts.hostname:
        return None
    return _Origin(parts.scheme, parts.hostname, port, parts.netloc.rpartition("@")[0])


def _answered(url: str, response: httpx.Response) -> Answered:
    wait = retry_after_seconds(response.headers)
    return Answered(bare(url), response.status_code, response.reason_phrase, wait)


def bare(url: str) -> str:
    """Return a URL without its query and credentials, which may hold secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def conditions(validators: Mapping[str, str | None]) -> dict[str, str]:
    """Return the headers that request a document only if it has changed."""
    return {VALIDATORS[name]: value for name, value in validators.items() if value}


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """Return the seconds that a server asks to wait (Retry-After in either form), a day at most."""
    sent = headers.get("retry-after", "").strip()
    try:
        seconds = float(sent)
    except ValueError:
        try:
            at = parsedate_to_datetime(sent)
        except ValueError:
            return 0.0
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - datetime.now(UTC)).total_seconds()
    if not seconds > 0:  # and not NaN
        return 0.0
    return min(seconds, LONGEST_RETRY_SECONDS)


def _addresses(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceUnavailable(f"{host}: {error}") from error
    return [address(str(each[4][0])) for each in found]
