"""Alerts as declared, with the search and the destinations that each names."""

from pathlib import Path
from typing import Any

import pytest

from config.alerts import Alert
from config.settings import Alerts, Settings
from pipeline.alerts import saved as module
from pipeline.alerts.channel import Channel
from pipeline.alerts.channels import CHANNELS, registry
from pipeline.alerts.outbox import Delivery
from pipeline.alerts.saved import Saved, saved_searches
from pipeline.wire.errors import ConfigError

SECRET = "a-secret-for-tests"


def searches(folder: Path, keys: str, secret: str | None = None) -> list[Saved]:
    """The searches of a file with one alert "a" of some keys."""
    file = folder / "alerts.toml"
    file.write_text(f"[alerts.a]\n{keys}\n")
    environ = {"NEWSWIRE_ALERT__A__SECRET": secret} if secret else {}
    return saved_searches(Settings(alerts=Alerts(file=file)), environ)


def test_an_alert_goes_where_its_keys_say(tmp_path: Path) -> None:
    """Each channel that is named gets its matches; the rest of the keys is the search."""
    (found,) = searches(tmp_path, 'q = "flood"\nwebhook = "https://x.test/h"\ntopic = true', SECRET)
    assert found.destinations == ("webhook", "topic")
    assert found.request.q == "flood"
    (found,) = searches(tmp_path, 'webhook = "http://127.0.0.1:8/"\ntopic = false', SECRET)
    assert found.destinations == ("webhook",)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ('q = "x"', "alerts.a in .*has no destination: set webhook or topic"),
        ('webhook = "https://x.test/"', "webhook in .*NEWSWIRE_ALERT__A__SECRET"),
        ('webhook = "http://x.test/"', "webhook in .*https"),
        ('webhook = "https://[x/"', "webhook in .*https"),
        ("webhook = 5", "webhook in .*https"),
        ('webhook = "https://u:p@x.test/"', "webhook in .*password"),
        ('topic = "sometimes"', "topic in .*must be true or false"),
        ('topic = true\npalce = "Rome"', "palce in .*unknown key"),
        ('topic = true\nbreaking = "week"', "breaking in .*must be one of hour, six_hours, day"),
        ('topic = true\nbreaking = "day"\nlifted = true', "has both lifted and breaking"),
        ("topic = true\nlifted = 1", "lifted in .*must be true or false"),
        ("topic = true\nsize = 3", "size in .*unknown key"),
    ],
)
def test_a_fault_is_named_with_its_key_and_file(tmp_path: Path, keys: str, says: str) -> None:
    """What can't be used stops the start, and says where it stands."""
    with pytest.raises(ConfigError, match=says) as caught:
        searches(tmp_path, keys)
    assert str(tmp_path / "alerts.toml") in str(caught.value)


def test_a_channel_of_ones_own_needs_nothing_but_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is known, its value is checked, and its matches go there."""

    class Pager(Channel):
        key = "pager"

        def __init__(self, settings: Settings) -> None:
            """Connect to nothing."""

        @classmethod
        def check(cls, alert: Alert, value: Any) -> None:
            if not str(value).isdigit():
                raise ValueError("must be a number")

        async def send(self, alert: Alert, delivery: Delivery, body: bytes) -> None:
            """Send nothing."""

    monkeypatch.setattr(module, "CHANNELS", (*CHANNELS, Pager))
    assert searches(tmp_path, 'pager = "555"')[0].destinations == ("pager",)
    with pytest.raises(ConfigError, match=r"pager in .*must be a number"):
        searches(tmp_path, 'pager = "home"')


def test_an_incomplete_channel_is_not_registered() -> None:
    """A channel that can't send fails at the start, not at its first alert."""

    class Mute(Channel):
        key = "mute"

        def __init__(self, settings: Settings) -> None:
            """Connect to nothing."""

        @classmethod
        def check(cls, alert: Alert, value: Any) -> None:
            """Accept anything."""

    with pytest.raises(TypeError, match="Mute lacks send"):
        registry(*CHANNELS, Mute)  # type: ignore[type-abstract]


def test_a_key_is_registered_once() -> None:
    """Two channels of one key are refused: one of them would get no alert."""
    with pytest.raises(TypeError, match=f"two channels of the key '{CHANNELS[0].key}'"):
        registry(*CHANNELS, CHANNELS[0])


def test_an_alert_on_what_is_breaking(tmp_path: Path) -> None:
    """It has a window, and its search says among which stories."""
    (found,) = searches(tmp_path, 'breaking = "hour"\ncountry = ["FR"]\ntopic = true')
    assert (found.breaking, found.request.country) == ("hour", ("FR",))
