"""Elasticsearch's clients from the settings, and its errors as ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from elastic_transport import (
    AsyncTransport,
    ConnectionTimeout,
    OrjsonSerializer,
    TlsError,
    Transport,
    TransportApiResponse,
    TransportError,
)
from elastic_transport import ConnectionError as TransportConnectionError
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

PATIENCE_SECONDS = 120.0
AWAY_SECONDS = 10.0
"""How long a node that failed is left alone, doubled each time up to ..."""
MOST_AWAY_SECONDS = 60.0
"""... this. Each new try of one that hangs costs a request's time."""


_VERSIONED = re.compile(r"application/vnd\.elasticsearch\+([a-z-]+); ?compatible-with=\d+")

MISSING = "index_not_found_exception"

PARTS = "allow_partial_search_results"
"""The parameter of a search that takes what a part of the index finds, or finds in time, for the
whole. Only readers' searches do."""


def _whole(target: str) -> str:
    """Return the request, to be refused while a shard is away.

    What that holds would seem not to be there: a kill would leave an earlier version behind, an
    alert would not be sent.
    """
    path, _, asked = target.partition("?")
    if not path.endswith("/_search") or PARTS in asked:
        return target
    return f"{path}?{asked}{'&' if asked else ''}{PARTS}=false"


def _plain(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return a request's headers with JSON as JSON, not as that of the client's major version.

    A server of the version before (8.19) refuses that; one of the same version reads either.
    """
    return {
        name: _VERSIONED.sub(r"application/\1", value) for name, value in (headers or {}).items()
    }


class _AsyncTransport(AsyncTransport):
    # The library's own has another type than the one of Transport, too.
    async def perform_request(  # type: ignore[override]
        self, method: str, target: str, **asked: Any
    ) -> TransportApiResponse:
        asked["headers"] = _plain(asked.get("headers"))
        return await super().perform_request(method, _whole(target), **asked)


class _Transport(Transport):
    def perform_request(self, method: str, target: str, **asked: Any) -> TransportApiResponse:
        asked["headers"] = _plain(asked.get("headers"))
        return super().perform_request(method, _whole(target), **asked)


def options(settings: ElasticsearchSettings) -> dict[str, Any]:
    """Return the keyword arguments of a client.

    A request that a node refuses goes to the next one at once, if there are several, and no
    more: to wait is for the callers. The nodes are those of the settings, for others may have
    addresses that are not reached from here, or not meant to be: it does not sniff.
    """
    result: dict[str, Any] = {
        "hosts": list(settings.url),
        "request_timeout": settings.request_timeout_seconds,
        "max_retries": len(settings.url) - 1,
        "retry_on_status": (502, 503, 504),
        "retry_backoff_base": 0,
        "dead_node_backoff_factor": AWAY_SECONDS,
        "max_dead_node_backoff": MOST_AWAY_SECONDS,
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
    return AsyncElasticsearch(**options(settings), transport_class=_AsyncTransport)


def connect_sync(settings: ElasticsearchSettings, patient: bool = False) -> Elasticsearch:
    """Return a blocking client, which the caller closes.

    Args:
        patient: for an operator's command that makes an index or shows one that was filled.
    """
    seconds = max(settings.request_timeout_seconds, PATIENCE_SECONDS if patient else 0.0)
    asked = options(settings) | {"request_timeout": seconds}
    return Elasticsearch(**asked, transport_class=_Transport)


async def refresh(client: AsyncElasticsearch, index: str) -> None:
    """Have searches see all that was written.

    Raises:
        IndexUnavailable: a part of the index does not answer.
    """
    answer = await client.indices.refresh(index=index)
    if answer["_shards"]["failed"]:
        raise IndexUnavailable(f"a part of the index {index} does not answer")


async def delete(client: AsyncElasticsearch, index: str, ids: Iterable[str]) -> None:
    """Delete documents, if they are there; searches see at once that they are gone.

    Raises:
        IndexUnavailable: some are not deleted.
    """
    operations = [{"delete": {"_id": name}} for name in ids]
    answer = await client.bulk(index=index, operations=operations, refresh=True)
    for item in (each["delete"] for each in answer["items"]):
        if (why := item.get("error", {}).get("type")) not in (None, MISSING):
            raise IndexUnavailable(f"{index} does not delete now: {why}")


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
