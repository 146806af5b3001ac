"""How kafka-python's clients get in: one dict for producers, consumers and admin."""

from __future__ import annotations

from typing import Any

from config.settings import Kafka


def client_options(kafka: Kafka) -> dict[str, Any]:
    """Keyword arguments that every kafka-python client takes, from the settings."""
    options: dict[str, Any] = {
        "bootstrap_servers": list(kafka.brokers),
        "bootstrap_timeout_ms": 10_000,
        "security_protocol": kafka.security_protocol,
    }
    if kafka.sasl_mechanism:
        options |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.sasl_username,
            "sasl_plain_password": kafka.sasl_password and kafka.sasl_password.get_secret_value(),
        }
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
        if value := getattr(kafka, name):
            options[name] = str(value)
    return options
