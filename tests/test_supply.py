"""What is installed is known: by name, version, hash and licence, and asked for weaknesses."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(.*?)(?=^\S|\Z)", re.M | re.S)
FREE = re.compile(
    r"apache|\b0?bsd\b|\bmit\b|\bpsf|python software foundation|\bmpl\b|mozilla|\bisc\b"
    r"|lgpl|lesser general public|zlib|repoze",
    re.I,
)
"""Licences that let the whole be handed on under Apache-2.0, libraries unchanged."""


def pins() -> dict[tuple[str, str], set[str]]:
    """Of each name and version that is locked, the SHA-256 that a file of it may have."""
    return {
        (name, version): set(re.findall(r"sha256:([0-9a-f]{64})", rest))
        for name, version, rest in PIN.findall(LOCK.read_text(encoding="utf-8"))
    }


def bill(to: Path) -> dict[str, Any]:
    """What `make sbom` writes."""
    subprocess.run(["make", "sbom", f"SBOM={to}"], cwd=ROOT, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(to.read_text(encoding="utf-8"))
    return found


def test_bill_of_materials_is_what_is_locked(tmp_path: Path) -> None:
    """The bill has each locked package, its version and hashes, no other; and twice the same."""
    found = bill(tmp_path / "a.json")
    listed = {
        (part["name"], part["version"]): {
            digest["content"]
            for reference in part["externalReferences"]
            for digest in reference.get("hashes", ())
        }
        for part in found["components"]
    }
    assert found["bomFormat"] == "CycloneDX"
    assert found["metadata"]["component"]["name"] == "newswire"
    assert listed == pins()
    assert bill(tmp_path / "b.json") == found


def test_every_pin_has_a_hash() -> None:
    """Nothing is locked without the hash of its files."""
    assert len(pins()) > 50
    assert {pin for pin, hashes in pins().items() if not hashes} == set()


def test_licences_let_it_be_handed_on() -> None:
    """No package that runs with newswire has a licence that would bind newswire's own code."""
    strange = {}
    for name, _ in pins():
        try:
            licence = licences(metadata(name))
        except PackageNotFoundError:
            continue  # of another platform
        if not FREE.search(licence):
            strange[name] = licence
    assert strange == {}


def licences(about: PackageMetadata) -> str:
    named = about.get_all("Classifier") or []
    classified = [name for name in named if name.startswith("License ::")]
    return " | ".join(
        filter(None, [about["License-Expression"], (about["License"] or "")[:100], *classified])
    )


def test_no_known_weakness_is_installed() -> None:
    """No advisory stands against what is locked; without the database, nothing is claimed."""
    command = ["--require-hashes", "--disable-pip", "--format", "json", "-r", str(LOCK)]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", *command],
        capture_output=True,
        text=True,
    )
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except ValueError:
        pytest.skip(f"not audited, no advisory database: {done.stderr.strip().splitlines()[-1:]}")
    audited = [answer for answer in answers if "vulns" in answer]
    if not audited:
        pytest.skip(f"not audited, no advisory database: {answers[0]['skip_reason']}")
    assert weaknesses(audited) == {}


def weaknesses(audited: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    return {
        f"{answer['name']} {answer['version']}": [found["id"] for found in answer["vulns"]]
        for answer in audited
        if answer["vulns"]
    }
