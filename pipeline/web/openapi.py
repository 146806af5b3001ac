"""The schemas of the API's answers, for its OpenAPI document.

Answers are msgspec structs, since pydantic models would take longer to build and write than
Elasticsearch takes to search. So FastAPI takes their schemas from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from msgspec.json import schema_components

_REFERENCE = "#/components/schemas/{name}"


def answer(kind: Any) -> dict[int | str, dict[str, Any]]:
    """Return a route's `responses`: JSON of this type."""
    (schema,), _ = schema_components([kind], ref_template=_REFERENCE)
    content = {"application/json": {"schema": schema}}
    return {200: {"description": "Successful Response", "content": content}}


def describe(app: FastAPI, kinds: Iterable[Any]) -> None:
    """Add the schemas of the answers' types to the application's document."""
    generated = app.openapi
    _, named = schema_components(kinds, ref_template=_REFERENCE)

    def openapi() -> dict[str, Any]:
        document = generated()
        document["components"]["schemas"].update(named)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it
