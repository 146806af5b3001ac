"""Users in their file: a token is printed once, and a damaged file lets nobody in."""

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newswire.__main__ import app
from pipeline.desk.users import FILE, Users
from pipeline.search.visible import Role
from pipeline.wire.errors import ConfigError


def test_a_token_is_known_by_its_hash_alone(tmp_path: Path) -> None:
    """The file holds no token, and other accounts of the machine can't read it."""
    token = Users(tmp_path).add("ana", Role.EDITOR, ["AP", "AFP"])
    other = Users(tmp_path).add("ben", Role.READER, None)
    assert token != other
    assert token not in (tmp_path / FILE).read_text()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    found = Users(tmp_path).with_token(token)
    assert found is not None
    assert (found.name, found.role, found.sources) == ("ana", Role.EDITOR, ("AP", "AFP"))
    assert Users(tmp_path).with_token(found.token_sha256) is None
    assert Users(tmp_path).with_token("") is None


def test_a_removed_user_is_unknown_at_once(tmp_path: Path) -> None:
    """Who has read the file sees the change, and without users tokens are still required."""
    users = Users(tmp_path)
    assert not users.exist
    token = users.add("ana", Role.READER, None)
    running = Users(tmp_path)
    assert running.with_token(token)
    users.remove("ana")
    assert running.with_token(token) is None
    assert running.exist


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "x" * 101, "ana"])
def test_a_name_that_is_none_or_taken_is_refused(tmp_path: Path, name: str) -> None:
    """A user is added once, under a name that a header can hold."""
    users = Users(tmp_path)
    users.add("ana", Role.READER, None)
    with pytest.raises(ConfigError):
        users.add(name, Role.READER, None)
    with pytest.raises(ConfigError):
        users.add("ben", Role.READER, [])
    with pytest.raises(ConfigError):
        users.remove("carla")
    assert [user.name for user in users.all()] == ["ana"]


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "[",
        '[{"name": "a", "role": "chief", "token_sha256": "x"}]',
        '[{"name": "a", "sorces": []}]',
    ],
)
def test_a_damaged_file_is_an_error(tmp_path: Path, damaged: str) -> None:
    """An unknown role or key restricts: nobody is let in."""
    (tmp_path / FILE).write_text(damaged)
    with pytest.raises(ConfigError, match=FILE):
        Users(tmp_path).with_token("any")


def test_users_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`users add` prints the token alone, `list` everything else, `remove` ends it."""
    monkeypatch.setenv("NEWSWIRE_DATA_DIR", str(tmp_path))

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["users", *words])
        assert done.exit_code == 0, done.output
        return done.output

    token = run("add", "ana", "--role", "editor", "--sources", "AP, AFP,").strip()
    user = Users(tmp_path).with_token(token)
    assert user is not None
    assert user.sources == ("AP", "AFP")
    listed = run("list")
    assert "editor" in listed
    assert "AP, AFP" in listed
    assert token not in listed
    run("remove", "ana")
    assert Users(tmp_path).with_token(token) is None
