"""Alerts from a file and the environment."""

from pathlib import Path

import pytest

from config.alerts import load_alerts
from pipeline.wire.errors import ConfigError

SECRET = "a-secret-for-tests"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the alerts stand."""
    return tmp_path / "alerts.toml"


def test_an_alert_has_its_search_and_its_secret(file: Path) -> None:
    """The search's keys stand beside the deliveries; the secret comes from the environment."""
    file.write_text('[alerts.my-rhine]\nq = "flood"\nwebhook = "https://x.test/h"\n')
    alert = load_alerts(file, {"NEWSWIRE_ALERT__MY_RHINE__SECRET": SECRET})["my-rhine"]
    assert alert.keys == {"q": "flood", "webhook": "https://x.test/h"}
    assert alert.secret is not None
    assert SECRET not in repr(alert)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[alert.a]\nq = "x"\n', "alert in"),
        ('[alerts.a]\nwebhook = "https://x.test/"\nsecret = "0123456789abcdef"\n', "environment"),
        ('[alerts."a b"]\ntopic = true\n', "a name has"),
        ("alerts = 1\n", "table"),
    ],
)
def test_a_fault_is_named_with_its_file(file: Path, text: str, says: str) -> None:
    """What can't be used stops the start, and says where it stands."""
    file.write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        load_alerts(file, {})
    assert str(file) in str(caught.value)


def test_a_secret_without_its_alert_is_named(file: Path) -> None:
    """A misspelt variable is not silently ignored."""
    file.write_text("")
    with pytest.raises(ConfigError, match="NEWSWIRE_ALERT__B__SECRET"):
        load_alerts(file, {"NEWSWIRE_ALERT__B__SECRET": SECRET})
