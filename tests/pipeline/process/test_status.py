"""What processes say of themselves."""

import os
import subprocess
from pathlib import Path

import pytest

from pipeline.process.status import StatusFile, read_status
from pipeline.wire.errors import SetupError


def test_a_running_process_is_read(tmp_path: Path) -> None:
    """The last word of a process that is alive is read, with its kind and id."""
    status = StatusFile(tmp_path, "worker")
    status.write({"indexed": 1})
    status.write({"indexed": 2})
    (told,) = read_status(tmp_path)
    assert (told["kind"], told["pid"], told["indexed"]) == ("worker", os.getpid(), 2)
    status.remove()
    assert read_status(tmp_path) == []


def test_a_dead_process_is_forgotten(tmp_path: Path) -> None:
    """A file that a killed process left behind is no status, and is removed."""
    status = StatusFile(tmp_path, "worker")
    status.write({})
    (file,) = (tmp_path / "status").glob("*.json")
    gone = subprocess.Popen(["true"])
    gone.wait()
    file.write_text(file.read_text().replace(f'"pid": {os.getpid()}', f'"pid": {gone.pid}'))
    assert read_status(tmp_path) == []
    assert not file.exists()


def test_a_broken_file_is_passed_over(tmp_path: Path) -> None:
    """Half a file, or one of somebody else's, is no status."""
    (tmp_path / "status").mkdir()
    (tmp_path / "status" / "worker-1.json").write_text("{")
    (tmp_path / "status" / "worker-2.json").write_text("[]")
    assert read_status(tmp_path) == []


def test_a_full_disk_ends_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file can't be written the last one stays, and the next that fits replaces it."""
    status = StatusFile(tmp_path, "worker")
    status.write({"lag": 7})

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        status.write({"lag": 3})
    assert [found["lag"] for found in read_status(tmp_path)] == [7]
    status.write({"lag": 1})
    assert [found["lag"] for found in read_status(tmp_path)] == [1]


def test_a_data_folder_that_is_none_ends_with_a_sentence(tmp_path: Path) -> None:
    """It names the folder, and what to do."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SetupError, match=r"data/status: .*: make sure that the folder can be"):
        StatusFile(tmp_path / "data", "worker")
