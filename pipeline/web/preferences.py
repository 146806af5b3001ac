"""How a browser shows the pages: a cookie that the form at /preferences sets, and scripts read.

What can't be read in the cookie falls back to the default.
"""

from __future__ import annotations

from typing import Any, get_args
from typing import Literal as OneOf
from urllib.parse import parse_qsl, urlencode
from zoneinfo import available_timezones

import msgspec
from fastapi import Request
from fastapi.responses import Response

COOKIE = "newswire_view"
COOKIE_SECONDS = 400 * 86_400
"""Browsers keep a cookie for no longer."""

Shape = OneOf["full", "compact"]
Arrival = OneOf["count", "slide"]
Switch = OneOf["on", "off"]


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What the form sets."""

    list: Shape = "full"
    """How many lines a result takes."""
    zone: str = "UTC"
    """The time zone of the times: "UTC", "local", or a name of the IANA database."""
    ages: Switch = "off"
    """Whether times of today are shown as ages, as "3 min ago"."""
    arrival: Arrival = "count"
    """Whether new stories wait behind a count, or slide into the list."""
    sound: int = 0
    """A sound for stories of this urgency or a higher one; 0 for none."""
    notice: int = 0
    """A notice of the desktop, likewise."""
    keys: Switch = "on"
    """Whether single keys move through lists."""
    names: Switch = "on"
    """Whether the people, places and organisations of a story are marked in its text."""


def preferences(request: Request) -> Preferences:
    """Return the preferences in a request's cookie."""
    return read(dict(parse_qsl(request.cookies.get(COOKIE, ""))))


def read(fields: dict[str, str]) -> Preferences:
    """Return the preferences in the fields of a form or cookie."""
    kept: dict[str, Any] = {}
    for field in msgspec.structs.fields(Preferences):
        value = fields.get(field.name, "")
        if field.name == "zone":
            if value in ("UTC", "local") or value in available_timezones():
                kept["zone"] = value
        elif field.type is int:
            if value in set("0123456789"):
                kept[field.name] = int(value)
        elif value in get_args(field.type):
            kept[field.name] = value
    return Preferences(**kept)


def keep(answer: Response, chosen: Preferences, secure: bool) -> None:
    """Set the cookie. Scripts read it, so it is not HttpOnly: it holds no secret."""
    answer.set_cookie(
        COOKIE,
        urlencode(msgspec.structs.asdict(chosen)),
        max_age=COOKIE_SECONDS,
        secure=secure,
        samesite="lax",
    )
