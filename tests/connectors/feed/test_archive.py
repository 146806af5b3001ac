"""The raw archive: standard tools read it, old archives are read, and a crash tears one record."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from config.settings import load
from connectors.feed.archive import Archive, expire, read
from connectors.run import open_archive
from connectors.sources import Delivery
from newswire.__main__ import app
from pipeline.wire.errors import ConfigError, TransientError
from tests.connectors.feeds import Broker

OLD = Path(__file__).parent / "fixtures" / "20260302T093200.000000-1.nwa"
"""Written by the code that preceded WARC."""

AT = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
PAGE = Delivery(
    b'{"items": ["one"]}',
    "https://api.example.org/feed",
    AT,
    linked={"https://api.example.org/one.xml": b"<nitf/>", "/two.xml": b""},
)
FILE = Delivery(b"Ferry sails\n\nThe ferry sailed.\n", "/srv/wire/f\u00e4hre\n\udc80.txt", AT)
EMPTY = Delivery(b"", "other/0/12", AT + timedelta(days=1))
ALL = [PAGE, FILE, EMPTY]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive in a folder."""
    return Archive(str(tmp_path / "archive"), tmp_path / "spool", "wire")


def kept(tmp_path: Path, since: datetime | None = None) -> list[Delivery]:
    records = read(str(tmp_path / "archive"), tmp_path / "spool", since=since)
    return [record.delivery() for record in records]


def segment(folder: Path) -> Path:
    (path,) = folder.glob("wire/*.warc.gz")
    return path


def test_what_is_stored_is_read(tmp_path: Path, archive: Archive) -> None:
    """Every delivery comes back as it was, from the open segment and from the moved one."""
    archive.append(ALL)
    assert kept(tmp_path) == ALL
    archive.close()
    assert not list((tmp_path / "spool" / "wire").iterdir())
    assert kept(tmp_path) == ALL
    assert kept(tmp_path, since=AT + timedelta(hours=1)) == [EMPTY]


def test_standard_tools_read_it(
    tmp_path: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """warcio iterates over the records, and its checker finds every digest correct."""
    archive.append(ALL)
    archive.close()
    path = segment(tmp_path / "archive")
    found = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            uri = record.rec_headers["WARC-Target-URI"]
            found.append((record.rec_type, uri, record.content_stream().read()))
    assert found[0][0] == "warcinfo"
    assert ("resource", PAGE.name, PAGE.raw) in found
    assert ("resource", "https://api.example.org/one.xml", b"<nitf/>") in found
    assert len(found) == 1 + len(ALL) + len(PAGE.linked)

    class Command:
        inputs, verbose = (str(path),), True

    checker = Checker(Command)
    checker.process_all()
    assert checker.exit_value == 0
    assert capsys.readouterr().out.count("digest pass") == len(found)


def test_an_old_archive_is_read(tmp_path: Path) -> None:
    """An archive written before WARC gives its deliveries, before the newer ones."""
    (tmp_path / "archive" / "wire").mkdir(parents=True)
    shutil.copy(OLD, tmp_path / "archive" / "wire")
    archive = Archive(str(tmp_path / "archive"), tmp_path / "spool", "wire")
    archive.append([FILE])
    text, page, new = kept(tmp_path)
    assert text.raw.startswith(b"Harbour reopens\n\nThe harbour of Oran")
    assert (text.name, text.received_at) == ("/srv/wire/harbour.txt", AT)
    assert page.linked == {
        "https://api.example.org/one.xml": "<nitf>Fähre läuft aus</nitf>".encode()
    }
    assert new == FILE


def test_an_old_segment_that_a_crash_left_is_moved(tmp_path: Path) -> None:
    """A segment in the spool of the former version goes to the archive's address."""
    (tmp_path / "spool" / "wire").mkdir(parents=True)
    shutil.copy(OLD, tmp_path / "spool" / "wire")
    Archive(str(tmp_path / "archive"), tmp_path / "spool", "wire").close()
    assert [path.name for path in (tmp_path / "archive" / "wire").iterdir()] == [OLD.name]


def test_a_torn_record_ends_a_segment(
    tmp_path: Path, archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever a crash cuts a segment, what precedes the cut is read, whole deliveries only."""
    archive.append([FILE])
    archive.close()
    path = segment(tmp_path / "archive")
    first = path.stat().st_size
    path.unlink()
    archive.append([FILE])
    archive.append([PAGE, EMPTY])
    archive.close()
    path = segment(tmp_path / "archive")
    whole = path.read_bytes()
    for end in range(first, len(whole), 7):
        path.write_bytes(whole[:end])
        found = kept(tmp_path)
        assert found == ALL_IN_ORDER[: len(found)]
        assert found[:1] == [FILE]
    assert "damaged record" in caplog.text


ALL_IN_ORDER = [FILE, PAGE, EMPTY]


def test_damage_is_never_read(tmp_path: Path, archive: Archive) -> None:
    """A changed byte costs deliveries; what is read is as it was stored."""
    archive.append(ALL)
    archive.close()
    path = segment(tmp_path / "archive")
    whole = path.read_bytes()
    for at in range(0, len(whole), 11):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        assert {found.raw for found in kept(tmp_path)} <= {each.raw for each in ALL}


def test_nothing_follows_what_a_full_disk_cut(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed append the next one is read, and so is the one before it."""
    archive.append([FILE])
    with monkeypatch.context() as patch:

        def full(number: int) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "fsync", full)
        with pytest.raises(TransientError, match="No space left"):
            archive.append([PAGE])
    archive.append([PAGE, EMPTY])
    assert kept(tmp_path) == [FILE, PAGE, EMPTY]


def test_retention(tmp_path: Path) -> None:
    """Segments older than the retention are deleted, of either form; a foreign file is not."""
    folder = tmp_path / "archive" / "wire"
    folder.mkdir(parents=True)
    shutil.copy(OLD, folder / "20200101T000000.000000-1.nwa")
    (folder / "20200102T000000.000000-1.warc.gz").write_bytes(b"")
    shutil.copy(OLD, folder / "ours.nwa")
    archive = Archive(str(tmp_path / "archive"), tmp_path / "spool", "wire", retention_days=30)
    archive.append([FILE])
    archive.close()
    names = sorted(path.name for path in folder.iterdir())
    assert names == [segment(tmp_path / "archive").name, "ours.nwa"]


def test_a_feeds_own_limit(tmp_path: Path) -> None:
    """`retain_days` counts for the connector's segments where it is the shorter term."""
    feeds = tmp_path / "feeds.toml"
    feeds.write_text('[feeds.wire]\nsource = "directory"\npath = "in"\nretain_days = 30\n')
    folder = tmp_path / "archive" / "wire"
    folder.mkdir(parents=True)
    (folder / "20200102T000000.000000-1.warc.gz").write_bytes(b"")
    environ = {
        "NEWSWIRE_DATA_DIR": str(tmp_path / "var"),
        "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(feeds),
        "NEWSWIRE_CONNECTORS__ARCHIVE": str(tmp_path / "archive"),
        "NEWSWIRE_CONNECTORS__ARCHIVE_RETENTION_DAYS": "10000",
    }
    archive = open_archive(load(environ=environ), "wire")
    assert archive
    archive.close()
    assert list(folder.iterdir()) == []


def test_segments_that_are_over(tmp_path: Path) -> None:
    """They are counted in a rehearsal, deleted otherwise; other feeds and younger ones stay."""
    names = ("wire/20200101T000000.000000-1.nwa", "wire/20240101T000000.000000-1.warc.gz")
    for name in (*names, "other/20200101T000000.000000-1.nwa"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    before = datetime(2023, 1, 1, tzinfo=UTC)
    assert expire(str(tmp_path), "wire", before, rehearse=True) == 1
    assert (tmp_path / names[0]).exists()
    assert expire(str(tmp_path), "wire", before) == 1
    assert expire(str(tmp_path), "wire", before) == 0
    assert sorted(path.parent.name for path in tmp_path.glob("*/*")) == ["other", "wire"]


def test_replay_from_both_forms(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`newswire replay --from archive` publishes the stories of old and new segments."""
    (tmp_path / "archive" / "wire").mkdir(parents=True)
    shutil.copy(OLD, tmp_path / "archive" / "wire")
    archive = Archive(str(tmp_path / "archive"), tmp_path / "var" / "archive", "wire")
    archive.append([FILE])
    feeds = tmp_path / "feeds.toml"
    feeds.write_text('[feeds.wire]\nsource = "directory"\nformat = "text"\npath = "."\n')
    monkeypatch.setenv("NEWSWIRE_CONNECTORS__FEEDS_FILE", str(feeds))
    monkeypatch.setenv("NEWSWIRE_CONNECTORS__ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setenv("NEWSWIRE_DATA_DIR", str(tmp_path / "var"))
    broker = Broker()
    monkeypatch.setattr("newswire.replay.Publisher", lambda kafka: broker)
    shown = CliRunner().invoke(app, ["replay", "--from", "archive"])
    assert shown.exit_code == 0, shown.output
    texts = b" ".join(message.value for message in broker.records)
    assert b"Harbour reopens" in texts
    assert b"Ferry sails" in texts


def test_packages_that_are_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive in S3 without its packages says how to install them."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ConfigError, match=r"connectors.archive: .* pip install 'newswire\[s3\]'"):
        Archive("s3://bucket/archive", tmp_path / "spool", "wire")


def test_an_address_of_no_known_kind(tmp_path: Path) -> None:
    """An archive at an address that fsspec does not know is an error of the configuration."""
    with pytest.raises(ConfigError, match=r"connectors\.archive: "):
        Archive("pigeon://loft/archive", tmp_path / "spool", "wire")


@pytest.mark.parametrize("suffix", ["nwa", "warc.gz"])
@pytest.mark.parametrize("raw", [b"", b"words", b"NWA1" + b"\xff" * 40, b"\x1f\x8b" + b"\xff" * 40])
def test_a_segment_of_anything_hides_no_other(
    tmp_path: Path, archive: Archive, suffix: str, raw: bytes
) -> None:
    """Files that are no segments, and a folder of such a name, are warnings; the rest is read."""
    archive.append([FILE])
    archive.close()
    (tmp_path / "archive" / "wire" / f"20200101T000000.000000-1.{suffix}").write_bytes(raw)
    (tmp_path / "archive" / "wire" / f"words.{suffix}").mkdir()
    assert kept(tmp_path) == [FILE]
