"""How Kafka's clients get in: one dict for each of kafka-python's, one for each of aiokafka's."""

from __future__ import annotations

import ssl
from typing import Any

from config.settings import Kafka

ANSWER_SECONDS = 10.0
"""How long a broker that hangs or is cut off may keep a request before another one is asked."""
METADATA_SECONDS = 10.0
"""How old a client's knowledge of who leads may be. A partition whose leader is silent has
another one after about ten seconds, and who did not ask it meanwhile need not meet that."""


def client_options(kafka: Kafka) -> dict[str, Any]:
    """Return the keyword arguments that every kafka-python client takes, from the settings."""
    options: dict[str, Any] = {
        "bootstrap_servers": list(kafka.brokers),
        "metadata_max_age_ms": int(METADATA_SECONDS * 1000),
        # Its own would leave alone for half a minute a broker that is back.
        "reconnect_backoff_max_ms": 2_000,
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


def tls(kafka: Kafka) -> ssl.SSLContext | None:
    """Return the TLS context, None where the protocol has none."""
    if "SSL" not in kafka.security_protocol:
        return None
    context = ssl.create_default_context(cafile=kafka.ssl_cafile and str(kafka.ssl_cafile))
    if kafka.ssl_certfile:
        context.load_cert_chain(kafka.ssl_certfile, kafka.ssl_keyfile)
    return context


def sign_in(kafka: Kafka) -> dict[str, Any]:
    """Return those of `aiokafka_options` that concern one connection."""
    options: dict[str, Any] = {
        "security_protocol": kafka.security_protocol,
        "ssl_context": tls(kafka),
    }
    if kafka.sasl_mechanism:
        options |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.sasl_username,
            "sasl_plain_password": kafka.sasl_password and kafka.sasl_password.get_secret_value(),
        }
    return options


def aiokafka_options(kafka: Kafka) -> dict[str, Any]:
    """Return the keyword arguments that every aiokafka client takes, from the settings."""
    return {
        "bootstrap_servers": list(kafka.brokers),
        "request_timeout_ms": int(ANSWER_SECONDS * 1000),
        "metadata_max_age_ms": int(METADATA_SECONDS * 1000),
        **sign_in(kafka),
    }
