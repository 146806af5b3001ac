"""Alerts that editors keep on the page: read again and again, so that no restart is needed."""

from __future__ import annotations

import logging

import msgspec
from pydantic import SecretStr

from config.alerts import Alert
from config.settings import Settings
from pipeline.alerts.saved import Saved
from pipeline.desk.alerts import LIFTED, PageAlert, Way, check, name_of, viewer_of
from pipeline.desk.users import Users
from pipeline.index.kept import Desk, Kept, Kind
from pipeline.search.request import SearchRequest

log = logging.getLogger(__name__)


async def kept_searches(desk: Desk, users: Users, settings: Settings) -> list[Saved]:
    """Return the alerts of all editors, without those that can't be used now.

    Raises:
        IndexUnavailable, SetupError, ConfigError: what editors keep, or the users, can't be read.
    """
    found = []
    for owner, kept in await desk.everybodys(Kind.ALERT):
        try:
            found += _saved(owner, kept, users, settings)
        except ValueError as error:  # pydantic's and msgspec's errors are such
            log.warning("an alert of the page is left out", extra={"reason": str(error)})
    return found


def _saved(owner: str, kept: Kept, users: Users, settings: Settings) -> list[Saved]:
    """Return an alert as the process uses it; none if its owner may have none now."""
    viewer = viewer_of(owner, users)
    if viewer is None:
        return []
    of = msgspec.convert(kept.data, PageAlert)
    check(of, settings.alerts)
    value = of.address if of.way in (Way.EMAIL, Way.WEBHOOK) else True
    secret = {Way.CHAT: of.address, Way.WEBHOOK: of.secret}.get(of.way)
    alert = Alert(
        name_of(owner, kept.name),
        {of.way.value: value},
        SecretStr(secret) if secret else None,
        guarded=True,
    )
    request = SearchRequest(**of.search)
    return [
        Saved(
            alert,
            request,
            (of.way.value,),
            viewer,
            kept.name,
            brief=True,
            minutes=of.minutes,
            lifted=of.of == LIFTED,
            breaking=of.breaking,
        )
    ]
