"""What Kafka's clients raise, as ours: nobody there, or somebody who does not let us in.

A client that can't get in says that it timed out, and why only to its log. So whoever is
refused connects once more, by hand, and is told.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
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
_NO_USER = (aio.SaslAuthenticationFailed, aio.AuthenticationFailedError)
_NO_MECHANISM = (aio.UnsupportedSaslMechanismError, aio.AuthenticationMethodNotSupported)


def require_admission(kafka: Kafka) -> None:
    """Ask at the door, for a refusal at once and not when a client's time has run out.

    Raises:
        SetupError: a broker is there and does not let us in.
    """
    if sentence := asyncio.run(refusal(kafka)):
        raise SetupError(sentence)


@contextmanager
def broker_errors(kafka: Kafka) -> Iterator[None]:
    """Raise the errors of either client as ours. Not within an event loop: see `ours`.

    Raises:
        BrokerUnavailable: waiting helps.
        SetupError: a person must act.
    """
    try:
        yield
    except ERRORS as error:
        raise asyncio.run(ours(kafka, error)) from error


async def ours(kafka: Kafka, error: BaseException) -> NewswireError:
    """The error of ours that a client's error comes to: see `broker_errors`."""
    if sentence := no_privilege(kafka, error) or await refusal(kafka):
        return SetupError(sentence)
    return BrokerUnavailable(f"Kafka at {', '.join(kafka.brokers)} does not answer: {error!r}")


def no_privilege(kafka: Kafka, error: BaseException) -> str | None:
    """The sentence for who may not do what was asked; None for another error."""
    if not isinstance(error, _NO_PRIVILEGE):
        return None
    what = type(error).__name__.removesuffix("AuthorizationFailedError").lower()
    about = ", ".join(str(each) for each in error.args if each) or "no name given"
    return (
        f"Kafka at {', '.join(kafka.brokers)} does not let the user {kafka.sasl_username} use a "
        f"{what} ({about}): SECURITY.md lists what each process must be allowed"
    )


async def refusal(kafka: Kafka) -> str | None:
    """Why a broker that is there does not let us in; None if one does, or none is there."""
    if kafka.security_protocol == "PLAINTEXT":
        return None  # lets everybody in
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
