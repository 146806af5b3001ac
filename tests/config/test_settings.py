"""Defaults, then a file, then the environment; what does not fit is named with its place."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import SECRETS, Settings, load, variable
from pipeline.wire.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a settings file may be written."""
    return tmp_path / "newswire.toml"


def test_the_defaults_stand() -> None:
    """Without file and environment everything has a value."""
    assert load(environ={}) == Settings()


def test_the_environment_comes_before_the_file(file: Path) -> None:
    """A variable wins over the file, and the file over the defaults."""
    file.write_text('[kafka]\ngroup = "from-file"\nlinger_ms = 7\n')
    settings = load(file, {"NEWSWIRE_KAFKA__GROUP": "from-environment"})
    assert (settings.kafka.group, settings.kafka.linger_ms) == ("from-environment", 7)
    assert settings.kafka.compression == Settings().kafka.compression


def test_the_file_is_named_by_the_environment(file: Path) -> None:
    """NEWSWIRE_CONFIG names the file where no other is given."""
    file.write_text('data_dir = "/data"\n')
    assert load(environ={"NEWSWIRE_CONFIG": str(file)}).data_dir == Path("/data")


def test_lists_and_tables_come_from_the_environment_too() -> None:
    """A list is parted by commas; a table's key is a further part of the variable's name."""
    settings = load(
        environ={
            "NEWSWIRE_KAFKA__BROKERS": "a:9092, b:9092",
            "NEWSWIRE_ELASTICSEARCH__ANALYZERS__FR": "french",
            "NEWSWIRE_EMBEDDED__ENABLED": "false",
        }
    )
    assert settings.kafka.brokers == ("a:9092", "b:9092")
    assert settings.elasticsearch.analyzers == {"fr": "french"}
    assert settings.embedded.enabled is False


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[kafka]\nbroker = "a"\n', "kafka.broker"),
        ("[kafaka]\nlinger_ms = 1\n", "kafaka"),
        ("colour = 1\n", "colour"),
        ("[kafka]\nlinger_ms = -1\n", "kafka.linger_ms"),
        ("[kafka]\nbrokers = []\n", "kafka.brokers"),
        ('[logging]\nlevel = "LOUD"\n', "logging.level"),
        ("kafka = 3\n", "kafka"),
    ],
)
def test_a_fault_names_its_key_and_file(file: Path, text: str, key: str) -> None:
    """An unknown key or an unfit value stops the start, with its key and the file's path."""
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(file, {})
    assert f"{key} in {file}: " in str(raised.value)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("NEWSWIRE_KAFKA__BROKER", "kafka.broker"),
        ("NEWSWIRE_KAFKA_BROKERS", "kafka_brokers"),
        ("NEWSWIRE_DATA_DIR__X", "data_dir"),
        ("NEWSWIRE_TOPICS__PARTITIONS", "topics.partitions"),
    ],
)
def test_a_fault_in_the_environment_names_the_variable(name: str, key: str) -> None:
    """A variable that is misspelt or does not fit is named as it was written."""
    with pytest.raises(ConfigError) as raised:
        load(environ={name: "none"})
    assert f"{key} in the environment ({name}): " in str(raised.value)


@pytest.mark.parametrize("key", sorted(SECRETS), ids=".".join)
def test_a_secret_in_a_file_is_refused_and_not_repeated(file: Path, key: tuple[str, str]) -> None:
    """A secret is taken from the environment alone; the message names the variable to set."""
    secret = "hunter22-Zq8kW3vTn5Lp7c"
    file.write_text(f'[{key[0]}]\n{key[1]} = "{secret}"\n')
    with pytest.raises(ConfigError, match=variable(key)) as raised:
        load(file, {})
    assert secret not in str(raised.value)
    settings = load(environ={variable(key): secret})
    assert getattr(getattr(settings, key[0]), key[1]).get_secret_value() == secret
    assert secret not in repr(settings)


@pytest.mark.parametrize("content", [b"[kafka\n", b"\xff = 1\n"])
def test_a_broken_file_is_named(file: Path, content: bytes) -> None:
    """A file that is no TOML stops the start with its path."""
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="not valid TOML") as raised:
        load(file, {})
    assert str(file) in str(raised.value)


def test_a_missing_file_is_named(file: Path) -> None:
    """A file that is not there stops the start: defaults would be a guess."""
    with pytest.raises(ConfigError, match="can't be read"):
        load(file, {})


def test_an_address_for_traces_without_a_scheme_is_refused(file: Path) -> None:
    """Every batch of spans would fail, each with a line in the log."""
    file.write_text('[tracing]\nendpoint = "127.0.0.1:4318"\n')
    with pytest.raises(ConfigError, match=r"tracing\.endpoint"):
        load(file, {})


def test_settings_are_frozen() -> None:
    """Nobody changes settings after the start."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().kafka.group = "other"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[kafka]\nbroker = "a"\n', "unknown key; did you mean brokers?"),
        ("[kafaka]\nlinger_ms = 1\n", "unknown key; did you mean kafka?"),
        ("[web]\nxyzzy = 1\n", "unknown key"),
    ],
)
def test_an_unknown_key_is_named_with_the_one_meant(file: Path, text: str, said: str) -> None:
    """The most similar key of the same section is suggested, where one is similar."""
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(file, {})
    assert str(raised.value).endswith(f"in {file}: {said}")
