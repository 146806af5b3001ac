"""The page's own files, kept by browsers for good: a file that changes has another address."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
FOR_GOOD = "public, max-age=31536000, immutable"


@cache
def address(name: str) -> str:
    """Where a file is found, its content's hash included: "/static/newswire.css?v=5f3c..."."""
    return f"/static/{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]


class Files(StaticFiles):
    """The files at /static; one asked for by its hash need not be asked for again."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """See `StaticFiles`."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        if scope["query_string"].decode("latin-1") == f"v={_digest(Path(full_path).name)}":
            answer.headers["Cache-Control"] = FOR_GOOD
        return answer
