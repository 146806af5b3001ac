"""Kafka's client errors as ours: the broker can't be reached, or it refuses this user.

A client whose credentials are refused raises a timeout, and logs the reason only. So after an
error one more connection is made by hand, and its refusal gives the sentence.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from aiokafka import errors as aio
from aiokafka.conn import create_conn
from kafka import errors as kafka_python

from config.settings import Kafka
from pipeline.kafka.options import sign_in
from pipeline.wire.errors import BrokerUnavailable, NewswireError, SetupError

PROBE_MS = 5_000

ERRORS = (aio.KafkaError, kafka_python.KafkaError, OSError)
_NO_PRIVILEGE = (
    aio.TopicAuthorizationFailedError,
    aio.GroupAuthorizationFailedError,
    aio.ClusterAuthorizationFailedError,
    kafka_python.AuthorizationError,
)
_SILENT = (
    aio.KafkaConnectionError,
    aio.KafkaTimeoutError,
    aio.RequestTimedOutError,
    aio.NodeNotReadyError,
    kafka_python.KafkaConnectionError,
    kafka_python.KafkaTimeoutError,
    kafka_python.RequestTimedOutError,
    kafka_python.NodeNotReadyError,
    OSError,
)
"""Errors of a client that had no answer. Other errors are a broker's answer."""
_NO_USER = (aio.SaslAuthenticationFailed, aio.AuthenticationFailedError)
_NO_MECHANISM = (aio.UnsupportedSaslMechanismError, aio.AuthenticationMethodNotSupported)


def require_admission(kafka: Kafka) -> None:
    """Check the credentials, so that a refusal shows at once and not after a client's timeout.

    Raises:
        SetupError: a broker refuses them.
    """
    if sentence := asyncio.run(refusal(kafka)):
        raise SetupError(sentence)


@contextmanager
def broker_errors(kafka: Kafka, operation: str = "") -> Iterator[None]:
    """Raise the errors of either client as ours. Use `ours` within an event loop.

    Raises:
        BrokerUnavailable: waiting helps.
        SetupError: a person must act.
    """
    try:
        yield
    except ERRORS as error:
        raise asyncio.run(ours(kafka, error, operation)) from error


async def ours(kafka: Kafka, error: BaseException, operation: str = "") -> NewswireError:
    """Return the error of ours for a client's error: see `broker_errors`."""
    if sentence := not_authorised(kafka, error, operation) or await refusal(kafka):
        return SetupError(sentence)
    at = f"Kafka at {', '.join(kafka.brokers)}"
    if isinstance(error, _SILENT):
        return BrokerUnavailable(f"{at} does not answer")
    return BrokerUnavailable(f"{at} refused the request: {said(error)}")


def said(error: BaseException) -> str:
    """Return a broker's error as its name and message, without the request that it quotes."""
    name = type(error).__name__.removesuffix("Error")
    message = str(error.args[-1]) if error.args else ""
    # "Request 'CreateTopicsRequest(…)' failed with response 'CreateTopicsResponse(…)'."
    quoted = re.search(r"error_message='((?:[^'\\]|\\.)+)'", message)
    text = quoted[1] if quoted else "" if "Request" in message else message
    return f"{name}: {text}" if text else name


def not_authorised(kafka: Kafka, error: BaseException, operation: str = "") -> str | None:
    """Return the sentence for a user without a privilege; None for another error.

    Args:
        operation: that was refused, in Kafka's terms, where it is known: "WRITE".
    """
    if not isinstance(error, _NO_PRIVILEGE):
        return None
    kind = type(error).__name__.removesuffix("AuthorizationFailedError").lower()
    kind = kind if kind in ("topic", "group", "cluster") else "resource"
    named = ", ".join(sorted(set(_names(error.args)))) or "(not named by the broker)"
    verb = {"WRITE": "write to", "READ": "read"}.get(operation, "use")
    grant = f"Grant {operation} on it" if operation else "Grant what SECURITY.md lists for it"
    return (
        f"Kafka at {', '.join(kafka.brokers)}: user {kafka.sasl_username!r} is not authorised to "
        f"{verb} {kind} {named}. {grant}."
    )


def _names(args: Iterable[object]) -> Iterator[str]:
    """Yield the names in an error's arguments, which nest them in lists and sets."""
    for each in args:
        if isinstance(each, (list, tuple, set, frozenset)):
            yield from _names(each)
        elif each:
            yield repr(str(each))


async def refusal(kafka: Kafka) -> str | None:
    """Return why the brokers refuse the credentials; None if one accepts them or none answers."""
    if kafka.security_protocol == "PLAINTEXT":
        return None  # nothing is checked
    for broker in kafka.brokers:
        host, _, port = broker.rpartition(":")
        try:
            connection = await create_conn(
                host.strip("[]"), int(port), request_timeout_ms=PROBE_MS, **sign_in(kafka)
            )
        except ssl.SSLCertVerificationError as error:
            return (
                f"Kafka at {broker}: its certificate can't be trusted: {error.verify_message}. "
                "Renew it there, or see kafka.ssl_cafile (NEWSWIRE_KAFKA__SSL_CAFILE)"
            )
        except ssl.SSLError as error:
            return (
                f"Kafka at {broker}: no TLS with it: {error.reason}. See kafka.security_protocol, "
                "kafka.ssl_certfile and kafka.ssl_keyfile"
            )
        except _NO_USER:
            return (
                f"Kafka at {broker} refuses the user {kafka.sasl_username}: see "
                "NEWSWIRE_KAFKA__SASL_USERNAME and NEWSWIRE_KAFKA__SASL_PASSWORD"
            )
        except _NO_MECHANISM:
            return (
                f"Kafka at {broker} does not take {kafka.sasl_mechanism}: see kafka.sasl_mechanism"
            )
        except ERRORS:
            continue
        else:
            connection.close()
            return None
    return None
