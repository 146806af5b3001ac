"""Alerts: each a table in a TOML file with a search and the destinations of what it finds."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from config.settings import PREFIX, read_toml
from pipeline.wire.errors import ConfigError

ENVIRONMENT = f"{PREFIX}ALERT__"
"""An alert's secret in the environment: NEWSWIRE_ALERT__<NAME>__SECRET, "-" spelt "_"."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it is declared; `pipeline.alerts.saved` checks its search and destinations."""

    name: str
    keys: Mapping[str, Any] = field(default_factory=dict)
    """All keys of its table: destinations, and the words and filters of the search."""
    secret: SecretStr | None = None
    """What a destination signs or signs in with."""
    guarded: bool = False
    """Whether its addresses must be public: an editor wrote them, not the operator."""


def alert_variable(alert: str) -> str:
    """Return the environment variable of an alert's secret."""
    return f"{ENVIRONMENT}{alert.upper().replace('-', '_')}__SECRET"


def load_alerts(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Alert]:
    """Return the alerts that a file declares, by name, with their secrets from the environment.

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
            raise ConfigError(
                f"alerts.{name} in {path}: has the same environment variable as "
                f"alerts.{other}; rename one"
            )
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
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"alerts.{name} in {path}: a name has up to 100 of a-z, 0-9, - and _, and begins with "
            "a letter or a digit"
        )
    if "secret" in keys:
        raise ConfigError(
            f"alerts.{name}.secret in {path}: belongs in the environment, as {alert_variable(name)}"
        )
    return Alert(name, keys, SecretStr(secret) if secret else None)
