"""Elasticsearch's clients from the settings, and its errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from elastic_transport import ConnectionError as TransportConnectionError
from elastic_transport import ConnectionTimeout, OrjsonSerializer, TlsError, TransportError
from elasticsearch import ApiError, AsyncElasticsearch, Elasticsearch
from elasticsearch.exceptions import UnsupportedProductError

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.faults import (
    error_of,
    is_documents_fault,
    is_whole_index,
    reason,
    root_reason,
)
from pipeline.wire.errors import IndexUnavailable, RequestRefused, SetupError


def options(settings: ElasticsearchSettings) -> dict[str, Any]:
    """Return the keyword arguments of a client. It retries nothing: its callers do, for longer."""
    result: dict[str, Any] = {
        "hosts": list(settings.url),
        "request_timeout": settings.request_timeout_seconds,
        "max_retries": 0,
        "serializer": OrjsonSerializer(),
    }
    if settings.ca_file:
        result["ca_certs"] = str(settings.ca_file)
    if settings.api_key:
        result["api_key"] = settings.api_key.get_secret_value()
    elif settings.username and settings.password:
        result["basic_auth"] = (settings.username, settings.password.get_secret_value())
    return result


def connect(settings: ElasticsearchSettings) -> AsyncElasticsearch:
    """Return an asynchronous client, which the caller closes."""
    return AsyncElasticsearch(**options(settings))


def connect_sync(settings: ElasticsearchSettings) -> Elasticsearch:
    """Return a blocking client, which the caller closes."""
    return Elasticsearch(**options(settings))


@contextmanager
def translated(settings: ElasticsearchSettings, quotes_no_story: bool = False) -> Iterator[None]:
    """Raise the client's errors as ours.

    Args:
        quotes_no_story: the requests hold no story, so that Elasticsearch's own reason can be
            shown.

    Raises:
        IndexUnavailable: waiting helps.
        RequestRefused: the request is too long, or not understood.
        SetupError: a person must act.
    """
    at = ", ".join(settings.url)
    try:
        yield
    except TlsError as error:
        message = error.message  # its str() is "TLS error"
        if "CERTIFICATE_VERIFY_FAILED" not in message:
            raise IndexUnavailable(f"Elasticsearch at {at} can't be reached: {message}") from error
        why = message.rpartition("verify failed: ")[2].partition(" (_ssl")[0]
        raise SetupError(
            f"Elasticsearch at {at}: its certificate can't be trusted: {why}. Renew it there, or "
            "see elasticsearch.ca_file (NEWSWIRE_ELASTICSEARCH__CA_FILE)"
        ) from error
    except (TransportConnectionError, ConnectionTimeout) as error:
        raise IndexUnavailable(f"Elasticsearch at {at} can't be reached: {error}") from error
    except UnsupportedProductError as error:
        raise SetupError(f"{at} does not answer as an Elasticsearch: {error}") from error
    except TransportError as error:
        raise IndexUnavailable(f"Elasticsearch at {at}: {error}") from error
    except ApiError as error:
        status, body = error.meta.status, error_of(error.body)
        cause = root_reason(body) if quotes_no_story else None
        why = f"Elasticsearch at {at}: {cause or reason(status, body)}"
        if status >= 500 or is_whole_index(status, body):
            raise IndexUnavailable(why) from error
        if status in (400, 413):
            raise RequestRefused(why, is_documents_fault(status, body)) from error
        if status in (401, 403):
            raise refused_credentials(settings, status) from error
        if status == 404:
            raise SetupError(
                f"Elasticsearch at {at} has no {settings.index}: run `newswire setup` or, "
                "if it was lost, `newswire reindex`"
            ) from error
        raise SetupError(why) from error


def refused_credentials(settings: ElasticsearchSettings, status: int) -> SetupError:
    """Return the message for credentials that lack the privilege for a request."""
    return SetupError(
        f"Elasticsearch at {', '.join(settings.url)} refuses these credentials (HTTP {status}): "
        "set NEWSWIRE_ELASTICSEARCH__API_KEY, or username and password, to an account that may "
        "use the index"
    )
