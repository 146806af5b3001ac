"""What processes say of themselves."""

import os
import subprocess
from pathlib import Path

from config.status import StatusFile, read_status


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
