"""A feed's memory: on the disk when it says so, apart from the other feeds', and bounded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from connectors.cursor import FILE, Acknowledged, Cursor, Met
from pipeline.process.databases import set_aside
from pipeline.wire.errors import SetupError, TransientError


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[Cursor]:
    """The memory of the feed "wire"."""
    made = Cursor(tmp_path / FILE, "wire")
    yield made
    made.close()


def another(cursor: Cursor, tmp_path: Path, feed: str = "other") -> Cursor:
    return Cursor(tmp_path / FILE, feed)


def test_state(cursor: Cursor) -> None:
    """A name has the value last given to it, and None takes it out."""
    assert cursor.get("a") is None
    cursor.commit(Acknowledged(state={"file:a": "1", "file:b": "2", "c": "3"}))
    cursor.commit(Acknowledged(state={"file:a": "4", "file:b": None}))
    assert (cursor.get("file:a"), cursor.get("file:b")) == ("4", None)
    assert (cursor.names("file:"), cursor.count("file:"), cursor.count("")) == (["file:a"], 1, 2)


def test_deliveries(cursor: Cursor) -> None:
    """Of each name the last content is known."""
    cursor.commit(Acknowledged(deliveries={"page": "one"}))
    cursor.commit(Acknowledged(deliveries={"page": "two"}))
    assert cursor.delivered("page") == "two"
    assert cursor.delivered("other") is None


def test_stories(cursor: Cursor, tmp_path: Path) -> None:
    """A feed knows where a story's words were met, and whether they were its last."""
    cursor.commit(Acknowledged(stories=[("a", b"one"), ("a", b"two")]))
    other = another(cursor, tmp_path)
    assert cursor.met("a", b"one") == Met(here=True)
    assert cursor.met("a", b"two") == Met(here=True, newest=True)
    assert cursor.met("b", b"two") == Met()
    assert other.met("a", b"one") == Met(elsewhere=True)
    other.commit(Acknowledged(stories=[("a", b"one")]))
    assert other.met("a", b"one") == Met(here=True, newest=True, elsewhere=True)
    assert cursor.met("a", b"one") == Met(here=True, elsewhere=True)
    other.close()


def test_feeds_do_not_share_state(cursor: Cursor, tmp_path: Path) -> None:
    """One feed's state and deliveries are not another's; what the broker has is for all."""
    cursor.commit(Acknowledged({"a": "1"}, {"page": "one"}, [], {("t", 0): 5}))
    other = another(cursor, tmp_path)
    assert other.get("a") is other.delivered("page") is None
    assert other.acknowledged() == {("t", 0): 5}
    other.close()


def test_offsets_only_grow(cursor: Cursor) -> None:
    """The highest acknowledged offset of each partition is kept."""
    cursor.commit(Acknowledged(offsets={("t", 0): 5, ("t", 1): 1}))
    cursor.commit(Acknowledged(offsets={("t", 0): 3}))
    assert cursor.acknowledged() == {("t", 0): 5, ("t", 1): 1}


def test_failed_commit_leaves_nothing(cursor: Cursor) -> None:
    """Of a commit that fails nothing is kept."""
    broken = Acknowledged(state={"a": "1"}, stories=[("a", None)])  # type: ignore[list-item]
    with pytest.raises(Exception, match="NOT NULL"):
        cursor.commit(broken)
    assert cursor.get("a") is None


def test_forget(cursor: Cursor, tmp_path: Path) -> None:
    """Starting again forgets everything, of every feed."""
    other = another(cursor, tmp_path)
    for one in (cursor, other):
        one.commit(Acknowledged({"a": "1"}, {"page": "one"}, [("s", b"one")], {("t", 0): 1}))
    cursor.forget()
    assert (cursor.get("a"), cursor.delivered("page"), cursor.acknowledged()) == (None, None, {})
    assert cursor.met("s", b"one") == Met()
    assert (other.get("a"), other.met("s", b"one")) == (None, Met())
    other.close()


def test_prune(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries and stories not met for long are forgotten, state is not."""
    old = time.time() - 100 * 86_400
    with monkeypatch.context() as patch:
        patch.setattr("connectors.cursor.time.time", lambda: old)
        cursor.commit(
            Acknowledged({"a": "1"}, {"x": "1", "y": "1"}, [("s", b"one"), ("t", b"two")])
        )
    cursor.commit(Acknowledged(deliveries={"y": "1"}, stories=[("t", b"two")]))
    cursor.prune()
    assert (cursor.delivered("x"), cursor.delivered("y"), cursor.get("a")) == (None, "1", "1")
    assert cursor.met("s", b"one") == Met()
    assert cursor.met("t", b"two").here


def test_copy_stays_apart(cursor: Cursor) -> None:
    """What is committed to a copy does not reach the file."""
    cursor.commit(Acknowledged(state={"a": "1"}))
    copied = cursor.copy()
    copied.commit(Acknowledged(state={"a": "2"}))
    assert (copied.get("a"), cursor.get("a")) == ("2", "1")
    copied.close()


def test_feeds_at_once(tmp_path: Path) -> None:
    """Feeds that write at the same moment wait for each other and all come through."""

    def write(feed: str) -> None:
        cursor = Cursor(tmp_path / FILE, feed)
        for number in range(50):
            cursor.commit(Acknowledged(state={"n": str(number)}))
        cursor.close()

    threads = [Thread(target=write, args=(f"feed-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [Cursor(tmp_path / FILE, f"feed-{n}").get("n") for n in range(8)] == ["49"] * 8


def test_survives_sigkill(tmp_path: Path) -> None:
    """What a process has committed is there after it was killed."""
    script = (
        "import sys; from pathlib import Path; from connectors.cursor import *\n"
        "cursor = Cursor(Path(sys.argv[1]), 'wire')\n"
        "number = 0\n"
        "while True:\n"
        "    cursor.commit(Acknowledged(state={'n': str(number)}))\n"
        "    print(number, flush=True)\n"
        "    number += 1\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / FILE)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        text=True,
    )
    assert process.stdout is not None
    while int(process.stdout.readline()) < 20:
        pass
    os.kill(process.pid, signal.SIGKILL)
    told = process.stdout.read().split()
    process.wait(30)
    kept = int(Cursor(tmp_path / FILE, "wire").get("n") or -1)
    assert kept >= int(told[-1] if told else 20)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"not a database, but words that somebody has written"),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192),
        lambda path: path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096),
    ],
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: Callable[[Path], int]) -> None:
    """A damaged file is moved aside with its bytes, and an empty cursor takes its place."""
    path = tmp_path / FILE
    cursor = Cursor(path, "wire")
    cursor.commit(Acknowledged(state={"a": "1"}))
    cursor.close()
    damage(path)
    damaged = path.read_bytes()
    aside = set_aside(path)
    assert aside is not None
    assert aside.read_bytes() == damaged
    fresh = Cursor(path, "wire")
    assert fresh.get("a") is None
    fresh.close()


def test_an_undamaged_file_stays(cursor: Cursor, tmp_path: Path) -> None:
    """A file that can be read stays, also while it is open, and so does one that is missing."""
    cursor.commit(Acknowledged(state={"a": "1"}))
    assert set_aside(tmp_path / FILE) is None
    assert set_aside(tmp_path / "other.sqlite") is None
    assert cursor.get("a") == "1"


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    """Opening a damaged file says what to do."""
    (tmp_path / FILE).write_bytes(b"not a database, but words that somebody has written")
    with pytest.raises(SetupError, match="start the process again, which moves a damaged file"):
        Cursor(tmp_path / FILE, "wire")


def test_a_folder_that_can_not_be_made_is_a_sentence(tmp_path: Path) -> None:
    """A data folder that can't be written names the folder and says what to do."""
    (tmp_path / "var").write_text("a file")
    with pytest.raises(SetupError, match="can be written"):
        Cursor(tmp_path / "var" / FILE, "wire")


def test_a_full_disk_is_a_sentence(cursor: Cursor) -> None:
    """A commit that finds no space says so and is tried again; nothing of it is kept."""
    cursor.commit(Acknowledged(state={"a": "1"}))
    (pages,) = cursor._db.execute("PRAGMA page_count").fetchone()
    cursor._db.execute(f"PRAGMA max_page_count = {pages}")
    large = {f"file:{number}": "x" * 500 for number in range(1000)}
    with pytest.raises(TransientError, match=r"full: make sure that the folder .* free space"):
        cursor.commit(Acknowledged(state={**large, "a": "2"}))
    assert cursor.get("a") == "1"
    cursor._db.execute("PRAGMA max_page_count = 1000000")
    cursor.commit(Acknowledged(state={"a": "2"}))
    assert cursor.get("a") == "2"
