"""A drop folder here and on servers: whole files, each once, none lost to a neighbour."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from connectors.cursor import Acknowledged, Cursor
from connectors.sources import Delivery, Progress, Refused
from connectors.sources.directory import Directory, DirectoryOptions
from pipeline.wire.errors import SourceUnavailable
from tests.connectors.sources import servers
from tests.connectors.sources.polls import take, texts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The drop folder."""
    made = tmp_path / "in"
    made.mkdir()
    return made


def source(folder: Path, **options: Any) -> Directory:
    options = {"settle_seconds": 0, **options}
    return Directory(DirectoryOptions(path=folder, **options))


def put(folder: Path, name: str, text: str, at: int | None = None) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if at is not None:
        os.utime(path, (at, at))
    return path


def test_oldest_first_and_once(folder: Path, cursor: Cursor) -> None:
    """Files come in the order of their times, below subfolders too, and once."""
    put(folder, "b.txt", "second", 2_000)
    put(folder, "sub/c.txt", "third", 3_000)
    put(folder, "z.txt", "first", 1_000)
    directory = source(folder)
    assert texts(take(directory, cursor)) == [b"first", b"second", b"third"]
    assert take(directory, cursor) == []
    assert take(source(folder), cursor) == []


def test_changed_file_comes_again(folder: Path, cursor: Cursor) -> None:
    """A file whose bytes are replaced is a new delivery."""
    put(folder, "a.txt", "one", 1_000)
    directory = source(folder)
    take(directory, cursor)
    put(folder, "a.txt", "two", 2_000)
    assert texts(take(directory, cursor)) == [b"two"]


def test_file_being_written_is_left(
    folder: Path, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is taken only when its size and time stayed the same for settle_seconds."""
    clock = [100.0]
    monkeypatch.setattr("connectors.sources.directory.time.monotonic", lambda: clock[0])
    directory = source(folder, settle_seconds=5)
    path = put(folder, "a.txt", "half", 1_000)
    for passed, text in ((0.0, "half"), (4.0, "half and"), (4.0, "half and half")):
        clock[0] += passed
        put(folder, "a.txt", text, 1_000)
        assert take(directory, cursor) == []
        assert not directory.settled()
    clock[0] += 5.0
    assert texts(take(directory, cursor)) == [path.read_bytes()]
    assert directory.settled()


def test_partial_and_hidden_names_are_skipped(folder: Path, cursor: Cursor) -> None:
    """Names that mean "not yet" are not looked at."""
    for name in (".a.txt", "b.txt.part", "c.tmp", ".hidden/d.txt", "e.txt~"):
        put(folder, name, "not yet")
    put(folder, "f.txt", "ready")
    assert texts(take(source(folder), cursor)) == [b"ready"]


def test_pattern(folder: Path, cursor: Cursor) -> None:
    """Only names that match the pattern are taken."""
    put(folder, "a.xml", "xml")
    put(folder, "sub/b.xml", "below", 1)
    put(folder, "c.txt", "text")
    assert texts(take(source(folder, pattern="**/*.xml"), cursor)) == [b"below", b"xml"]


def test_huge_file_is_refused_by_name(folder: Path, cursor: Cursor) -> None:
    """A file over max_bytes is named once, not read, and its neighbours are delivered."""
    put(folder, "huge.txt", "x" * 101, 1_000)
    put(folder, "small.txt", "small", 2_000)
    directory = source(folder, max_bytes=100)
    items = take(directory, cursor)
    refused = items[0]
    assert isinstance(refused, Refused)
    assert refused.name.endswith("/huge.txt")
    assert "101 bytes" in refused.reason
    assert texts(items) == [b"small"]
    assert take(directory, cursor) == []
    assert take(source(folder, max_bytes=100), cursor) == []


def test_unreadable_file_spares_its_neighbours(folder: Path, cursor: Cursor) -> None:
    """A file that can't be read is named once, tried again, and holds nothing up."""
    (folder / "a.txt").symlink_to("/proc/self/mem")  # unreadable even for root
    put(folder, "b.txt", "neighbour")
    directory = source(folder)
    items = take(directory, cursor)
    assert texts(items) == [b"neighbour"]
    (refused,) = [item for item in items if isinstance(item, Refused)]
    assert refused.name.endswith("/a.txt")
    assert texts(take(source(folder), cursor)) == []
    (folder / "a.txt").unlink()
    put(folder, "a.txt", "readable")
    assert texts(take(directory, cursor)) == [b"readable"]


def test_vanished_file(folder: Path, cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that goes between listing and reading is no failure."""
    put(folder, "a.txt", "gone", 1_000)
    put(folder, "b.txt", "here", 2_000)
    directory = source(folder)
    polled = directory.poll(cursor)
    read = directory._folder.read

    def gone(file: Any, max_bytes: int) -> bytes:
        (folder / "a.txt").unlink(missing_ok=True)
        return read(file, max_bytes)

    monkeypatch.setattr(directory._folder, "read", gone)
    assert texts(list(polled)) == [b"here"]


def test_file_that_changes_while_read_waits(
    folder: Path, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that changed under the reader are not delivered, but later the whole file is."""
    put(folder, "a.txt", "half", 1_000)
    directory = source(folder)
    read = directory._folder.read

    def changing(file: Any, max_bytes: int) -> bytes:
        raw = read(file, max_bytes)
        put(folder, "a.txt", "full", 2_000)
        return raw

    with monkeypatch.context() as patch:
        patch.setattr(directory._folder, "read", changing)
        assert take(directory, cursor) == []
        assert not directory.settled()
    assert texts(take(directory, cursor)) == [b"full"]


def test_symlink_loops_end(folder: Path, cursor: Cursor) -> None:
    """Links to folders are not followed, links in a circle are skipped, links to files count."""
    put(folder, "sub/a.txt", "text", 1_000)
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "self.txt").symlink_to(folder / "self.txt")
    (folder / "nowhere.txt").symlink_to(folder / "nothing")
    (folder / "link.txt").symlink_to(folder / "sub" / "a.txt")
    assert texts(take(source(folder), cursor)) == [b"text", b"text"]


def test_names_that_are_no_text(folder: Path, cursor: Cursor) -> None:
    """A file whose name is not UTF-8 is delivered like any other, once."""
    path = os.fsencode(folder) + b"/caf\xe9.txt"
    with open(path, "wb") as file:
        file.write(b"text")
    (delivery,) = take(source(folder), cursor)
    assert isinstance(delivery, Delivery)
    delivery.name.encode()
    assert take(source(folder), cursor) == []


def test_state_of_vanished_files_is_dropped(folder: Path, cursor: Cursor) -> None:
    """The cursor remembers only the files that are there."""
    for number in range(5):
        put(folder, f"{number}.txt", "text")
    directory = source(folder)
    take(directory, cursor)
    assert cursor.count("file:") == 5
    for number in range(4):
        (folder / f"{number}.txt").unlink()
    (progress,) = take(directory, cursor)
    assert isinstance(progress, Progress)
    assert cursor.names("file:") == ["file:4.txt"]


def test_more_files_than_are_held_in_mind(
    folder: Path, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heap of files beyond the bound is delivered in turns, all of it."""
    monkeypatch.setattr("connectors.sources.directory.PENDING", 3)
    for number in range(8):
        put(folder, f"{number}.txt", str(number))
    directory, found = source(folder), []
    for _ in range(4):
        found += texts(take(directory, cursor))
    assert sorted(found) == [str(number).encode() for number in range(8)]
    assert directory.settled()


def test_full_folder_is_looked_at_less(
    folder: Path, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that takes long to look through is left alone for longer."""
    clock = iter(range(0, 100, 3))
    monkeypatch.setattr("connectors.sources.directory.time.monotonic", lambda: next(clock))
    directory = source(folder)
    take(directory, cursor)
    assert directory.interval_seconds == 12


def test_missing_folder(tmp_path: Path, cursor: Cursor) -> None:
    """A folder that is not there is unavailable, and is read when it comes."""
    directory = source(tmp_path / "later")
    with pytest.raises(SourceUnavailable, match="later"):
        list(directory.poll(cursor))
    put(tmp_path / "later", "a.txt", "text")
    assert texts(take(directory, cursor)) == [b"text"]


@pytest.mark.parametrize(("after", "left"), [("delete", []), ("move:done", ["done/sub/a.txt"])])
def test_after_delivery(folder: Path, cursor: Cursor, after: str, left: list[str]) -> None:
    """Delivered files are deleted or moved, a file that came later and a refused one stay."""
    put(folder, "sub/a.txt", "text")
    put(folder, "huge.txt", "x" * 101)
    directory = source(folder, after=after, max_bytes=100)
    take(directory, cursor)
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert names == sorted(["huge.txt", *left])
    assert texts(take(directory, cursor)) == []


def test_after_delivery_only_when_acknowledged(folder: Path, cursor: Cursor) -> None:
    """A file whose delivery was not acknowledged is not deleted."""
    put(folder, "a.txt", "text")
    directory = source(folder, after="delete")
    list(directory.poll(cursor))
    directory.acknowledged(())
    assert (folder / "a.txt").exists()


def test_a_file_that_a_crash_left_is_deleted(folder: Path, cursor: Cursor) -> None:
    """A delivered file that a crash has left is deleted after the next poll."""
    put(folder, "a.txt", "text")
    (delivery,) = source(folder, after="delete").poll(cursor)
    cursor.commit(Acknowledged(state=dict(delivery.state)))
    restarted = source(folder, after="delete")
    assert texts(take(restarted, cursor)) == []
    assert not (folder / "a.txt").exists()


@dataclass
class Elsewhere:
    """A folder on a server: what there is in `local` is there."""

    local: Path
    options: dict[str, Any]
    put: Callable[[str, str], None]


@pytest.fixture(params=["ftp", "sftp", "s3"])
def elsewhere(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Iterator[Elsewhere]:
    """A running FTP, SFTP and S3 server."""
    access: dict[str, Any] = {"password": servers.PASSWORD, "settle_seconds": 0}

    def write(name: str, text: str) -> None:
        put(folder, name, text)

    if request.param == "ftp":
        (folder / "secret").mkdir()
        with servers.ftp(folder, unreadable="secret") as url:
            yield Elsewhere(folder, {"url": url, "username": servers.USER, **access}, write)
    elif request.param == "sftp":
        with servers.sftp(folder, tmp_path) as server:
            options = {"url": server.url, "known_hosts": server.known_hosts, **access}
            yield Elsewhere(folder, options, write)
    else:
        moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        moto.start()
        host, port = moto.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": servers.PASSWORD}
        client = boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint, **keys)
        bucket = f"wire-{uuid4().hex[:12]}"
        client.create_bucket(Bucket=bucket)
        yield Elsewhere(
            folder,
            {
                "url": f"s3://{bucket}/in",
                "endpoint_url": endpoint,
                "username": "key",
                **access,
            },
            lambda name, text: (
                client.put_object(Bucket=bucket, Key=f"in/{name}", Body=text) and None
            ),
        )
        moto.stop()


def test_folder_elsewhere(elsewhere: Elsewhere, cursor: Cursor) -> None:
    """A folder on a server gives its files like a local one: once, and in time the new ones."""
    elsewhere.put("a.xml", "one")
    elsewhere.put("sub/b c.xml", "two")
    elsewhere.put("huge.xml", "x" * 101)
    elsewhere.put("half.part", "not yet")
    directory = Directory(DirectoryOptions(**elsewhere.options, max_bytes=100))
    items = take(directory, cursor)
    assert sorted(texts(items)) == [b"one", b"two"]
    assert [item.name.rpartition("/")[2] for item in items if isinstance(item, Refused)] == [
        "huge.xml"
    ]
    assert servers.PASSWORD not in str(items)
    assert take(directory, cursor) == []
    elsewhere.put("a.xml", "more")
    assert texts(take(directory, cursor)) == [b"more"]
    directory.close()
    again = Directory(DirectoryOptions(**elsewhere.options, max_bytes=100))
    assert take(again, cursor) == []
    again.close()


def test_folder_elsewhere_is_tidied(elsewhere: Elsewhere, cursor: Cursor) -> None:
    """Delivered files of a server are moved out of the way, and not delivered from there."""
    elsewhere.put("a.xml", "one")
    directory = Directory(DirectoryOptions(**elsewhere.options, after="move:done"))
    assert texts(take(directory, cursor)) == [b"one"]
    elsewhere.put("b.xml", "two")
    assert texts(take(directory, cursor)) == [b"two"]
    listing = {file.name for file in directory._folder.files({})}
    assert listing == set()
    directory.close()


def test_emptied_folder_elsewhere(elsewhere: Elsewhere, cursor: Cursor) -> None:
    """A folder whose last file was taken away is empty, not unavailable."""
    elsewhere.put("a.xml", "one")
    directory = Directory(DirectoryOptions(**elsewhere.options, after="delete"))
    assert texts(take(directory, cursor)) == [b"one"]
    assert texts(take(directory, cursor)) == []
    directory.close()


def test_wrong_password(elsewhere: Elsewhere, cursor: Cursor) -> None:
    """A server that refuses the login is unavailable, and the secret is not said."""
    options = {**elsewhere.options, "password": "wrong secret"}
    directory = Directory(DirectoryOptions(**options))
    if str(options["url"]).startswith("s3"):
        pytest.skip("the S3 server of the tests takes any key")
    with pytest.raises(SourceUnavailable) as caught:
        list(directory.poll(cursor))
    assert "wrong secret" not in str(caught.value)


def test_unreadable_file_over_ftp(folder: Path, cursor: Cursor) -> None:
    """A file that the server does not let us read is named, and its neighbours come."""
    put(folder, "secret/a.xml", "secret")
    put(folder, "b.xml", "open")
    with servers.ftp(folder, unreadable="secret") as url:
        options = {"url": url, "username": servers.USER, "password": servers.PASSWORD}
        directory = Directory(DirectoryOptions(**options, settle_seconds=0))
        items = take(directory, cursor)
        directory.close()
    assert texts(items) == [b"open"]
    assert [item.name.rpartition("/")[2] for item in items if isinstance(item, Refused)] == [
        "a.xml"
    ]


def test_server_that_comes_back(folder: Path, cursor: Cursor, tmp_path: Path) -> None:
    """A broken connection is opened again at the next poll."""
    put(folder, "a.xml", "one")
    with servers.sftp(folder, tmp_path) as server:
        options = DirectoryOptions(
            url=server.url,
            known_hosts=server.known_hosts,
            password=servers.PASSWORD,
            settle_seconds=0,
        )
        directory = Directory(options)
        assert texts(take(directory, cursor)) == [b"one"]
        directory._folder._fs.client.close()
        with pytest.raises(SourceUnavailable):
            take(directory, cursor)
        put(folder, "b.xml", "two")
        assert texts(take(directory, cursor)) == [b"two"]
        directory.close()


def test_unknown_sftp_server_is_refused(
    folder: Path, cursor: Cursor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A server whose key is not in known_hosts gets no password."""
    caplog.set_level(logging.CRITICAL, "paramiko")
    with servers.sftp(folder, tmp_path) as server:
        other = tmp_path / "other_hosts"
        other.write_text("")
        options = DirectoryOptions(
            url=server.url, known_hosts=other, password=servers.PASSWORD, settle_seconds=0
        )
        with pytest.raises(SourceUnavailable, match="not found in known_hosts"):
            list(Directory(options).poll(cursor))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"path": "a", "url": "ftp://host/"},
        {"url": "http://host/"},
        {"url": "ftp://user:secret@host/"},
        {"path": "a", "after": "burn"},
        {"path": "a", "after": "move:../elsewhere"},
        {"path": "a", "colour": "blue"},
    ],
)
def test_unusable_options(options: dict[str, str]) -> None:
    """Options that can't be meant are errors at the start."""
    with pytest.raises(ValidationError):
        DirectoryOptions(**options)


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [("s3://bucket/wire", "s3fs", "s3"), ("sftp://host/wire", "paramiko", "sftp")],
)
def test_packages_that_are_not_installed(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str, extra: str
) -> None:
    """A folder whose packages are missing is refused with the command that installs them."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValidationError, match=rf"pip install 'newswire\[{extra}\]'"):
        DirectoryOptions(url=url)
