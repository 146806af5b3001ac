"""The pages' static files. Browsers cache them permanently: a changed file has another address."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
PERMANENT = "public, max-age=31536000, immutable"


@cache
def address(name: str) -> str:
    """Return a file's address, with the hash of its content: "/static/newswire.css?v=5f3c..."."""
    return f"/static/{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]


class Files(StaticFiles):
    """Serves /static; a file that is requested with its hash may be cached permanently."""

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
            answer.headers["Cache-Control"] = PERMANENT
        return answer
