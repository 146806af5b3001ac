"""The users: a name, a role, the sources that may be read, and the hash of a token each.

They stand in one file in the data folder. As long as it exists every request needs a token, also
when its last user was removed. A file that can't be read lets nobody in.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pipeline.search.visible import Role, Viewer
from pipeline.wire.errors import ConfigError

FILE = "users.json"
"""In the data folder."""
TOKEN_BYTES = 24

_NAME = re.compile(r"[^\s\x00-\x20\x7f]{1,100}")


class User(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person who has a token, or whose name a trusted proxy sends."""

    name: str
    role: Role
    token_sha256: str
    """The token itself is not kept: it has 192 random bits, so that a plain hash is enough."""
    sources: tuple[str, ...] | None = None
    """The sources that the user may read; None for all."""

    @property
    def viewer(self) -> Viewer:
        """Return what the user may see."""
        return Viewer(self.role, self.sources)


class Users:
    """The users in a file, which is read again whenever it has changed."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._read: tuple[tuple[int, int, int], tuple[User, ...]] | None = None

    @property
    def exist(self) -> bool:
        """Return whether there is a file of users, with or without users in it."""
        return self._state() is not None

    def all(self) -> tuple[User, ...]:
        """Return the users in the order in which they were added.

        Raises:
            ConfigError: the file can't be read.
        """
        state = self._state()
        if state is None:
            return ()
        if self._read is None or self._read[0] != state:
            try:
                users = msgspec.json.decode(self._path.read_bytes(), type=tuple[User, ...])
            except (OSError, msgspec.DecodeError) as error:
                raise ConfigError(f"{self._path}: the users can't be read: {error}") from error
            self._read = state, users
        return self._read[1]

    def named(self, name: str) -> User | None:
        """Return the user of a name."""
        return next((user for user in self.all() if user.name == name), None)

    def with_token(self, token: str) -> User | None:
        """Return the user who has a token."""
        given = _hash(token)
        found = [user for user in self.all() if secrets.compare_digest(user.token_sha256, given)]
        return found[0] if found else None

    def add(self, name: str, role: Role, sources: Sequence[str] | None) -> str:
        """Add a user and return the token, which is kept nowhere.

        Raises:
            ConfigError: the name is taken or can't be one, or there is no source in `sources`.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} can't be a user's name: 1 to 100 characters, no spaces")
        if self.named(name):
            raise ConfigError(f"there is a user {name!r} already: remove it first")
        if sources is not None and not sources:
            raise ConfigError("a user who is limited to sources needs at least one")
        token = secrets.token_urlsafe(TOKEN_BYTES)
        kept = None if sources is None else tuple(sources)
        user = User(name=name, role=role, sources=kept, token_sha256=_hash(token))
        self._write((*self.all(), user))
        return token

    def remove(self, name: str) -> None:
        """Remove a user, whose token opens nothing from then on.

        Raises:
            ConfigError: there is no such user.
        """
        if self.named(name) is None:
            raise ConfigError(f"there is no user {name!r}")
        self._write(tuple(user for user in self.all() if user.name != name))

    def _state(self) -> tuple[int, int, int] | None:
        """Return what changes whenever the file does; None if there is none."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _write(self, users: tuple[User, ...]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{FILE}.new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(users), indent=2))
        fresh.replace(self._path)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
