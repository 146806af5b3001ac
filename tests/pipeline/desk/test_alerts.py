"""What editors may make alerts of: ways, addresses and eyes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from config.settings import Alerts
from pipeline.desk.alerts import ADMIN, PageAlert, Way, check, guard, name_of, viewer_of
from pipeline.desk.users import Users
from pipeline.search.visible import Role, Viewer

SETTINGS = Alerts(smtp_host="mail.example.org", chat_schemes=("slack", "tgram"))


def alert(way: str, address: str = "", minutes: int = 0) -> PageAlert:
    """An alert of this kind."""
    return PageAlert(search={"q": "flood"}, way=Way(way), address=address, minutes=minutes)


@pytest.mark.parametrize(
    "good",
    [
        alert("email", "ana@desk.example.org", 60),
        alert("chat", "slack://T1/B2/secret"),
        alert("webhook", "https://hooks.example.org/x"),
        alert("topic", "", 1440),
    ],
)
def test_each_way_is_taken(good: PageAlert) -> None:
    """What an address shows never holds a token."""
    check(good, SETTINGS)
    assert "secret" not in good.masked
    assert "hooks" not in good.masked


@pytest.mark.parametrize(
    ("bad", "settings"),
    [
        (alert("email", "ana@desk.example.org"), Alerts()),
        (alert("email", "ana@desk.example.org\nBcc: x@y.org"), SETTINGS),
        (alert("email", "ana@desk.example.org, x@y.org"), SETTINGS),
        (alert("email", "ana"), SETTINGS),
        (alert("chat", "slack://T1/B2/c"), Alerts()),
        (alert("chat", "json://hooks.example.org"), SETTINGS),
        (alert("chat", "https://hooks.example.org"), SETTINGS),
        (alert("chat", ""), SETTINGS),
        (alert("webhook", "http://hooks.example.org"), SETTINGS),
        (alert("webhook", "https://me:pw@hooks.example.org"), SETTINGS),
        (alert("webhook", "file:///etc/passwd"), SETTINGS),
        (alert("webhook", "https://[::1"), SETTINGS),
        (alert("topic", minutes=7), SETTINGS),
    ],
)
def test_what_can_not_be_used_is_refused(bad: PageAlert, settings: Alerts) -> None:
    """With a sentence."""
    with pytest.raises(ValueError, match=r"\.$"):
        check(bad, settings)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest",
        "https://[::ffff:192.168.0.1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://no-such-host.invalid/",
    ],
)
def test_no_alert_leads_into_a_private_network(url: str) -> None:
    """However the address is spelt."""
    with pytest.raises(ValueError, match=r"\.$"):
        asyncio.run(guard(alert("webhook", url)))


def test_a_chat_service_on_a_private_host_is_refused() -> None:
    """A service's URL may have a token instead of a host, which is none of this concern."""
    with pytest.raises(ValueError, match="private"):
        asyncio.run(guard(alert("chat", "mattermost://127.0.0.1/token")))
    asyncio.run(guard(alert("chat", "slack://no-such-token.invalid/B/c")))


def test_eyes_are_the_owners_of_today(tmp_path: Path) -> None:
    """An editor's alerts see his sources, never an embargo; without the role there are none."""
    users = Users(tmp_path)
    users.add("ana", Role.EDITOR, ["AP"])
    users.add("ben", Role.READER, None)
    assert viewer_of("user:ana", users) == Viewer(Role.READER, ("AP",))
    assert viewer_of(ADMIN, users) == Viewer(Role.READER)
    nobody: list[Any] = ["user:ben", "user:carla", "local", "token:reader", "ana", ""]
    assert [viewer_of(owner, users) for owner in nobody] == [None] * len(nobody)
    users.remove("ana")
    assert viewer_of("user:ana", users) is None


def test_names_of_alerts_are_apart() -> None:
    """Two people may call theirs the same."""
    assert name_of("user:a", "b") != name_of("user:ab", "") != name_of("user:a", "c")
