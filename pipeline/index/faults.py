"""What a refusal by Elasticsearch means: a fault of the document, or a reason to wait.

Only what is certainly the document's own fault is one: a positive list. Whatever else the index
answers may be over later, and a document is never given up for it.

A reason names the type of the error and the field, and no value: Elasticsearch quotes the
document, and an embargoed headline has no place in a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

RETRIABLE = frozenset({408, 429, 502, 503, 504})
"""Statuses of an answer that say "later"."""

WHOLE_INDEX = frozenset(
    {"cluster_block_exception", "index_closed_exception", "unavailable_shards_exception"}
)
"""Errors of the index, which it has for every document."""

_DOCUMENT = frozenset(
    {
        "document_parsing_exception",
        "mapper_parsing_exception",
        "max_bytes_length_exceeded_exception",
        "action_request_validation_exception",  # an id of more than 512 bytes
    }
)
_DOCUMENT_REASONS = re.compile(r"immense term")
"""Of an `illegal_argument_exception`, which also says that a shard is full."""
_FIELD = re.compile(r"^\[\d+:\d+\] (?:failed to parse field|object mapping for) \[([a-z_.]+)\]")
"""At the beginning of a reason: what follows may quote the document."""


def is_documents_fault(status: int, error: Mapping[str, Any]) -> bool:
    """Return whether the index would refuse this document whenever it is sent."""
    if status == 413:
        return True
    return status == 400 and any(
        each.get("type") in _DOCUMENT
        or (
            each.get("type") == "illegal_argument_exception"
            and _DOCUMENT_REASONS.search(str(each.get("reason")))
        )
        for each in _causes(error)
    )


def is_whole_index(status: int, error: Mapping[str, Any]) -> bool:
    """Return whether the index would refuse every other document as well."""
    return status in RETRIABLE or any(e.get("type") in WHOLE_INDEX for e in _causes(error))


def reason(status: int, error: Mapping[str, Any]) -> str:
    """Return what went wrong, without a word of the document: types, and the field at fault."""
    types = list(dict.fromkeys(str(each.get("type") or "") for each in _causes(error)))
    fields = (_FIELD.search(str(each.get("reason"))) for each in _causes(error))
    field = next((f" in field {found[1]}" for found in fields if found), "")
    return f"HTTP {status}: {': '.join(filter(None, types)) or 'no reason given'}{field}"


def root_reason(error: Mapping[str, Any]) -> str | None:
    """Return Elasticsearch's own words for the innermost cause; they may quote the request."""
    reasons = [each["reason"] for each in _causes(error) if each.get("reason")]
    return str(reasons[-1]) if reasons else None


def error_of(body: object) -> Mapping[str, Any]:
    """Return the error in the answer to a request that was refused as a whole."""
    error = body.get("error") if isinstance(body, Mapping) else None
    return error if isinstance(error, Mapping) else {}


def _causes(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    cause: Any = error
    while isinstance(cause, Mapping) and cause:
        yield cause
        cause = cause.get("caused_by")
