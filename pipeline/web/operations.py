"""The operations page at /operations: feeds, lag, and dead letters, which it can replay.

It requires the admin token; the form sets a signed cookie that is valid for SESSION_HOURS. Of a
dead letter the page shows what failed, where and why, but not its bytes.

The page reads Kafka through `Operations`, which the command line provides, since replaying a
delivery needs the connectors. Each part of the page shows its own error.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, TimestampSigner
from pydantic import SecretStr

from config.settings import Settings
from pipeline.kafka.messages import Position
from pipeline.process.expected import faults
from pipeline.process.status import read_status
from pipeline.search import activity
from pipeline.search.visible import Role
from pipeline.web.api import reader
from pipeline.web.authentication import client, is_token, person, wrong_token
from pipeline.web.forms import read_form
from pipeline.web.pages import html_page
from pipeline.web.security import same_origin
from pipeline.wire.deadletter import Found
from pipeline.wire.errors import BrokerUnavailable, NewswireError

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)

ADDRESS = "/operations"
COOKIE = "newswire_operations"
SESSION_HOURS = 12
SESSION = "admin"
"""What a session's cookie says."""
NEWEST = 100
"""Dead letters shown."""
KAFKA_SECONDS = 6.0

Answer = TypeVar("Answer")


class Operations(Protocol):
    """What the page needs of Kafka. Calls block, and raise BrokerUnavailable."""

    def positions(self) -> Sequence[Position]:
        """Return every partition with its end and the worker's offset."""
        ...

    def newest_letters(self, most: int) -> Sequence[Found]:
        """Return the newest dead letters, newest first, without their bytes."""
        ...

    def replay(self, name: str) -> str:
        """Send a dead letter through the pipeline again, and say what happened."""
        ...

    def dismiss(self, name: str) -> str:
        """Record that a dead letter needs no replay, and say so."""
        ...

    def held(self, most: int) -> Sequence[Any]:
        """Return the stories that are held until a person decides."""
        ...

    def release(self, story_id: str, version: int) -> str:
        """Release a held story in the version that was shown, and say what happened."""
        ...

    def told(self, story_id: str) -> Sequence[dict[str, Any]]:
        """Return who was told of a story by an alert, and when it was acknowledged."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """The content of a part of the page, or why there is none."""

    content: Any = None
    away: str | None = None


@router.get(ADDRESS)
async def operations_page(request: Request) -> Response:
    """Show the page, or the form for the token."""
    if not is_admin(request):
        return question(request, 401)
    settings: Settings = request.app.state.settings
    kafka: Operations | None = request.app.state.operations
    feeds, positions, letters, held = await asyncio.gather(
        _part(_feeds(request)),
        _part(_asked(kafka, lambda asked: asked.positions())),
        _part(_asked(kafka, lambda asked: asked.newest_letters(NEWEST))),
        _part(_asked(kafka, lambda asked: asked.held(NEWEST))),
    )
    processes = read_status(settings.data_dir)
    return _html(
        "operations.html",
        feeds=feeds,
        lag=Part(_lag(positions.content or ()), positions.away),
        letters=letters,
        held=held,
        kills=[
            each
            for each in letters.content or ()
            if each.letter.status == "withdrawn" and each.resolved is None
        ],
        newest=NEWEST,
        here={
            name: feed for found in processes for name, feed in (found.get("feeds") or {}).items()
        },
        faults=faults(settings, processes),
        workers=[found for found in processes if found["kind"] == "worker"],
        now=datetime.now(UTC),
        said=request.query_params.get("said", "")[:300],
    )


@router.post(ADDRESS)
async def enter(request: Request) -> Response:
    """Check the token and set the session's cookie."""
    same_origin(request)
    token = _token(request)
    given = (await read_form(request)).get("token", "")
    if token is None or not is_token(given, token):
        refused = await wrong_token(request, request.app.state.guesses) if given else None
        return refused or question(request, 401, wrong=bool(given))
    answer = RedirectResponse(ADDRESS, 303)
    answer.set_cookie(
        COOKIE,
        _signer(token).sign(SESSION).decode(),
        max_age=SESSION_HOURS * 3600,
        path=ADDRESS,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="strict",
    )
    return answer


@router.post(f"{ADDRESS}/leave")
async def leave(request: Request) -> Response:
    """Delete the session's cookie."""
    same_origin(request)
    answer = RedirectResponse(ADDRESS, 303)
    answer.delete_cookie(COOKIE, path=ADDRESS)
    return answer


@router.post(f"{ADDRESS}/replay")
@router.post(f"{ADDRESS}/dismiss")
async def resolve(request: Request) -> Response:
    """Send one dead letter through the pipeline again, or dismiss it."""
    same_origin(request)
    kafka: Operations | None = request.app.state.operations
    if not is_admin(request):
        return question(request, 401)
    name = (await read_form(request)).get("id", "")
    dismissed = request.url.path.endswith("/dismiss")
    found = await _part(
        _asked(kafka, lambda asked: asked.dismiss(name) if dismissed else asked.replay(name))
    )
    log.warning(
        "dead letter resolved",
        extra={"letter": name, "dismissed": dismissed, "client": client(request)},
    )
    said = f"{name}: {found.away or found.content}"
    return RedirectResponse(request.url_for("operations_page").include_query_params(said=said), 303)


@router.post(f"{ADDRESS}/release")
async def release(request: Request) -> Response:
    """Release one held story."""
    same_origin(request)
    kafka: Operations | None = request.app.state.operations
    if not is_admin(request):
        return question(request, 401)
    form = await read_form(request)
    story_id, version = form.get("id", ""), form.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 20):
        raise HTTPException(400)
    found = await _part(_asked(kafka, lambda asked: asked.release(story_id, int(version))))
    log.warning("held story released", extra={"story_id": story_id, "client": client(request)})
    said = f"{story_id}: {found.away or found.content}"
    return RedirectResponse(request.url_for("operations_page").include_query_params(said=said), 303)


async def _part(work: Any) -> Part:
    try:
        return Part(await work)
    except NewswireError as error:
        return Part(away=str(error))
    except TimeoutError:
        return Part(away="Kafka does not answer.")


async def _asked(kafka: Operations | None, ask: Callable[[Operations], Answer]) -> Answer:
    """Return the answer of a blocking call, or raise TimeoutError."""
    if kafka is None:
        raise BrokerUnavailable(
            "This process does not connect to Kafka: start it as `newswire web`."
        )
    return await asyncio.wait_for(asyncio.to_thread(ask, kafka), KAFKA_SECONDS)


async def _feeds(request: Request) -> list[activity.FeedActivity]:
    now = datetime.now(UTC)
    return activity.activity(await reader(request).raw(activity.body(now)))


def _lag(positions: Sequence[Position]) -> Mapping[str, Mapping[str, Any]]:
    """Return topics with their records, and how many of them the worker has not read."""
    topics: dict[str, dict[str, Any]] = {}
    for position in positions:
        topic = topics.setdefault(position.topic, {"partitions": 0, "end": 0, "lag": None})
        topic["partitions"] += 1
        topic["end"] += position.end
        if position.lag is not None:
            topic["lag"] = (topic["lag"] or 0) + position.lag
    return topics


def _token(request: Request) -> SecretStr | None:
    token: SecretStr | None = request.app.state.settings.web.admin_token
    return token


def is_admin(request: Request) -> bool:
    """Return whether an administrator sends the request, by token or session."""
    if person(request).viewer.role is Role.ADMIN:
        return True
    token = _token(request)
    if token is None:
        return False
    try:
        _signer(token).unsign(request.cookies.get(COOKIE, ""), max_age=SESSION_HOURS * 3600)
    except BadSignature:
        return False
    return True


def _signer(token: SecretStr) -> TimestampSigner:
    """Return the signer of sessions: a new token ends them all."""
    return TimestampSigner(token.get_secret_value(), salt=COOKIE, digest_method=hashlib.sha256)


def question(request: Request, status: int, wrong: bool = False) -> Response:
    """Return the form that asks for the administrator's token."""
    answer = _html("token.html", status, wrong=wrong, configured=_token(request) is not None)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _html(template: str, status: int = 200, **values: Any) -> Response:
    answer = html_page(template, status, **values)
    answer.headers["Cache-Control"] = "no-store"
    return answer
