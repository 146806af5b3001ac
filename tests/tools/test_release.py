"""`make release`: a wheel that comes out the same, and files that are signed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.notice import ROOT, notice
from tools.release import NAMESPACE, NotReleased, build, notes, sign

CHANGES = """# Changelog

## Unreleased (2.0.0)

- soon

## 1.2.0 (2026-11-01)

- this

## 1.1.0

- that
"""


def test_the_wheel_is_reproducible(tmp_path: Path) -> None:
    """Built twice, from two copies of the checkout, it is the same to the byte."""
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    first, second = (build(folder) for folder in folders)
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_release_notes_are_the_versions_section() -> None:
    """They end before the next version, and an undated section is no release."""
    assert notes(CHANGES, "1.2.0") == "# newswire 1.2.0 (2026-11-01)\n\n- this\n"
    with pytest.raises(NotReleased, match=r"no section '2\.0\.0'"):
        notes(CHANGES, "2.0.0")


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """The signature is good for the checksums, the checksums for the files, and no others."""
    key, folder = tmp_path / "key", tmp_path / "dist"
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(make, check=True)
    folder.mkdir()
    (folder / "wheel.whl").write_bytes(b"wheel")
    sign(key, folder)
    sign(key, folder)  # a second time replaces the first
    public = key.with_suffix(".pub").read_text()
    (tmp_path / "allowed").write_text(f"newswire {public}")

    def verified() -> bool:
        verify = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "allowed"), "-I", "newswire"]
        verify += ["-n", NAMESPACE, "-s", str(folder / "SHA256SUMS.sig")]
        signed = subprocess.run(
            verify, input=(folder / "SHA256SUMS").read_bytes(), capture_output=True
        )
        check = ["sha256sum", "--check", "--status", "SHA256SUMS"]
        return not signed.returncode and not subprocess.run(check, cwd=folder).returncode

    assert verified()
    (folder / "wheel.whl").write_bytes(b"another")
    assert not verified()
    sums = folder / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("a", "b"))
    assert not verified()


def test_a_key_that_can_not_sign_is_named(tmp_path: Path) -> None:
    """Without the key there is no release."""
    with pytest.raises(NotReleased, match="ssh-keygen"):
        sign(tmp_path / "nowhere", tmp_path)


def test_notice_is_what_is_locked() -> None:
    """NOTICE is written anew with the lock; it names what has a licence of its own for changes."""
    text = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert text == notice(), "run `make notice`"
    bound = text.partition("OTHER PACKAGES")[0]
    assert "certifi" in bound
    assert "not stated" not in text
