"""Alerts: each a table in a TOML file that names a search and where its new stories go. No code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from config.settings import PREFIX, explain, read_toml
from pipeline.wire.errors import ConfigError

ENVIRONMENT = f"{PREFIX}ALERT__"
"""An alert's secret in the environment: NEWSWIRE_ALERT__<NAME>__SECRET, "-" spelt "_"."""
MIN_SECRET_BYTES = 16
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Alert(BaseModel):
    """A saved search and its deliveries. `search` is checked by who knows how to search."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=100)
    webhook: str | None = None
    """Where to POST; https, or http on this machine."""
    topic: bool = False
    """Also write to `<prefix>.alerts`."""
    secret: SecretStr | None = None
    """Signs what is posted."""
    search: dict[str, Any] = {}

    @model_validator(mode="after")
    def _delivered(self) -> Alert:
        if not self.webhook and not self.topic:
            raise ValueError("goes nowhere: set webhook, or topic = true")
        if self.webhook:
            address = urlsplit(self.webhook)
            local = address.scheme == "http" and address.hostname in LOCAL
            if not address.hostname or not (address.scheme == "https" or local):
                raise ValueError("webhook must be an https address (http on this machine only)")
            if address.username or address.password:
                raise ValueError("webhook must hold no password: the signature is the proof")
            if not self.secret or len(self.secret.get_secret_value()) < MIN_SECRET_BYTES:
                raise ValueError(
                    f"a webhook is signed: set {alert_variable(self.name)} to a secret of at "
                    f"least {MIN_SECRET_BYTES} characters"
                )
        return self


_COMMON = frozenset({"webhook", "topic"})


def alert_variable(alert: str) -> str:
    """The environment variable of an alert's secret."""
    return f"{ENVIRONMENT}{alert.upper().replace('-', '_')}__SECRET"


def load_alerts(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Alert]:
    """The alerts that a file declares, by name, with their secrets from the environment.

    Raises:
        ConfigError: names the key and the file or variable.
    """
    table = read_toml(path)
    for key in table:
        if key != "alerts":
            raise ConfigError(
                f"{key} in {path}: unknown key (alerts stand in [alerts.NAME] tables)"
            )
    declared = table.get("alerts", {})
    if not isinstance(declared, dict):
        raise ConfigError(f"alerts in {path}: must be a table of alerts, [alerts.NAME]")
    variables: dict[str, str] = {}
    for name in declared:
        if other := variables.get(alert_variable(name)):
            raise ConfigError(f"alerts.{name} in {path}: can't be told from alerts.{other}")
        variables[alert_variable(name)] = name
    for variable in environ:
        if variable.startswith(ENVIRONMENT) and variable not in variables:
            known = ", ".join(variables) or "none"
            raise ConfigError(f"{variable} in the environment: no such alert in {path} ({known})")
    secrets = {name: environ[v] for v, name in variables.items() if v in environ}
    return {name: _alert(name, keys, secrets.get(name), path) for name, keys in declared.items()}


def _alert(name: str, keys: object, secret: str | None, path: Path) -> Alert:
    if not isinstance(keys, dict):
        raise ConfigError(f"alerts.{name} in {path}: must be a table")
    for key in ("secret", "name"):
        if key in keys:
            why = f"belongs in the environment, as {alert_variable(name)}"
            raise ConfigError(
                f"alerts.{name}.{key} in {path}: {why if key == 'secret' else 'unknown key'}"
            )
    try:
        return Alert(
            name=name,
            secret=SecretStr(secret) if secret else None,
            search={key: value for key, value in keys.items() if key not in _COMMON},
            **{key: value for key, value in keys.items() if key in _COMMON},
        )
    except ValidationError as error:
        origin: dict[tuple[str, ...], str] = {(key,): str(path) for key in ("name", *keys)}
        said = explain(error, origin)  # " in FILE: …" where the table as a whole is at fault
        dot = "" if said.startswith(" ") else "."
        raise ConfigError(f"alerts.{name}{dot}{said}") from None
