"""`python -m tools.release KEY FOLDER`: write the files of a release, signed with an SSH key.

Writes the wheel, the bill of materials, NOTICE, the release notes from CHANGELOG.md, SHA256SUMS,
and SHA256SUMS.sig. The wheel is built twice and must come out the same. The key stays outside the
repository. To verify:

    ssh-keygen -Y verify -f allowed_signers -I newswire -n newswire-release \\
        -s SHA256SUMS.sig < SHA256SUMS && sha256sum --check SHA256SUMS
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.notice import ROOT, notice

NAMESPACE = "newswire-release"
SUMS = "SHA256SUMS"


class NotReleased(Exception):
    """The release can't be made; the message says why."""


def release(key: Path, folder: Path) -> None:
    """Write all files of a release to a folder.

    Raises:
        NotReleased: the wheel is not reproducible, the changelog has no section for the version,
            or the key can't sign.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        made, again = build(Path(first)), build(Path(second))
        if made.read_bytes() != again.read_bytes():
            raise NotReleased(f"{made.name} was built twice and differs")
        shutil.copy(made, folder)
    version = made.name.split("-")[1]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (folder / "RELEASE_NOTES.md").write_text(notes(changes, version), encoding="utf-8")
    (folder / "NOTICE").write_text(notice(), encoding="utf-8")
    sbom = folder / "newswire.cdx.json"
    _run("make", "--silent", "sbom", f"SBOM={sbom.absolute()}", cwd=ROOT)
    sign(key, folder)


def build(folder: Path) -> Path:
    """Build the wheel from a copy of the checkout, and return its path.

    The time of the last commit stands for every file's, so that two machines build the same.
    """
    source = folder / "source"
    ignored = shutil.ignore_patterns(
        ".git", ".venv", "var", "build", "dist", "__pycache__", ".*_cache"
    )
    shutil.copytree(ROOT, source, ignore=ignored, symlinks=True)
    epoch = _run("git", "log", "-1", "--format=%ct", cwd=ROOT).strip()
    environ = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    command = ("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    _run(sys.executable, *command, cwd=source, env=environ)
    (wheel,) = folder.glob("*.whl")
    return wheel


def notes(changes: str, version: str) -> str:
    """Return the section of a version in the changelog.

    Raises:
        NotReleased: there is none, or it is not dated yet ("Unreleased").
    """
    sections = re.split(r"^## ", changes, flags=re.MULTILINE)
    for section in sections[1:]:
        heading, _, text = section.partition("\n")
        if heading.split()[0] == version:
            return f"# newswire {heading}\n{text.rstrip()}\n"
    raise NotReleased(f"CHANGELOG.md has no section {version!r}: date the unreleased one")


def sign(key: Path, folder: Path) -> None:
    """Write the checksums of a folder's files, and their signature."""
    files = sorted(path for path in folder.iterdir() if not path.name.startswith(SUMS))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    sums = folder / SUMS
    sums.write_text("".join(lines), encoding="utf-8")
    sums.with_suffix(".sig").unlink(missing_ok=True)
    _run("ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(sums))


def _run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(  # noqa: S603
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotReleased(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


if __name__ == "__main__":
    try:
        release(Path(sys.argv[1]), Path(sys.argv[2]))
    except NotReleased as error:
        sys.exit(f"release: {error}")
