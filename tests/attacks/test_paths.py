"""Names that want to be paths: of files, of feeds, of what a browser asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.feeds import load_feeds
from connectors.cursor import Cursor
from connectors.feed.archive import Archive
from connectors.feed.archive import read as archived
from connectors.sources import Delivery
from connectors.sources.directory import Directory, DirectoryOptions
from pipeline.wire.errors import ConfigError
from tests.connectors.sources.polls import take

SECRET = b"not for feeds"
OURS = {"drop", "archive", "spool", "cursors"}


def test_nothing_above_a_drop_folder_is_read(tmp_path: Path, cursor: Cursor) -> None:
    """Links to folders, and patterns that lead out, give no file that lies elsewhere."""
    drop, other = tmp_path / "drop", tmp_path / "other"
    drop.mkdir()
    other.mkdir()
    (other / "secret.txt").write_bytes(SECRET)
    (drop / "to-other").symlink_to(other)
    (drop / "to-root").symlink_to("/")
    (drop / "good.txt").write_bytes(b"good")
    for pattern in ("*", "../other/*", "**/*"):
        options = DirectoryOptions(path=drop, settle_seconds=0, pattern=pattern)
        found = take(Directory(options), cursor)
        assert SECRET not in [item.raw for item in found if isinstance(item, Delivery)]


@pytest.mark.parametrize(
    "name",
    ["%2f..%2fx.txt", "a\nb.txt", "a\x1b[2Jb.txt", "\u202etxt.x", "x" * 250 + ".txt", "$(id)"],
)
def test_a_file_of_any_name_is_delivered(tmp_path: Path, cursor: Cursor, name: str) -> None:
    """A name is a name: it is taken as it is, kept in the archive, and leads nowhere."""
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / name).write_bytes(b"text")
    options = DirectoryOptions(path=drop, settle_seconds=0, after="move:done")
    directory = Directory(options)
    (delivery,) = (item for item in take(directory, cursor) if isinstance(item, Delivery))
    archive = Archive(str(tmp_path / "archive"), tmp_path / "spool", "wire")
    archive.append([delivery])
    archive.close()
    (kept,) = archived(str(tmp_path / "archive"), tmp_path / "spool", "wire")
    assert kept.name == delivery.name
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} <= OURS


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", ".hidden", "a\\nb", "Ä", ""])
def test_a_feed_is_called_nothing_that_leads_away(tmp_path: Path, name: str) -> None:
    """A feed's name is part of paths and addresses; another kind stops the start."""
    file = tmp_path / "feeds.toml"
    file.write_text(f'[feeds."{name}"]\nsource = "directory"\nformat = "auto"\npath = "/tmp"\n')
    with pytest.raises(ConfigError):
        load_feeds(file)
