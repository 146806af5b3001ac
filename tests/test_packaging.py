"""What is installed and what is locked is what the project says."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, get_args

import aiokafka.codec
import kafka.codec
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import config
import connectors
import newswire
import pipeline
from config.settings import Kafka

ROOT = Path(__file__).parents[1]
PACKAGES = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKED_EXTRAS = ("chat", "fulltext", "mcp", "otel", "s3", "sftp")
"""What `make run` installs. A language's model is installed only by whoever reads that language."""
RUNTIME = (
    *PROJECT["project"]["dependencies"],
    *(r for name in LOCKED_EXTRAS for r in PROJECT["project"]["optional-dependencies"][name]),
)
LOCKS = {
    "requirements.lock": (
        *RUNTIME,
        *PROJECT["dependency-groups"]["build"],
        *PROJECT["build-system"]["requires"],
    ),
    "requirements-dev.lock": (
        *RUNTIME,
        *PROJECT["dependency-groups"]["build"],
        *PROJECT["dependency-groups"]["dev"],
    ),
}


@pytest.mark.parametrize("package", [config, connectors, newswire, pipeline])
def test_package_is_ours(package: Any) -> None:
    """A package of ours comes from this checkout, and nobody else installs one so named."""
    name = package.__name__
    assert Path(package.__file__).parents[1] == ROOT
    assert set(packages_distributions().get(name, [])) <= {"newswire"}


def test_wheel_holds_every_package_file(tmp_path: Path) -> None:
    """The wheel holds every file of every package beside the tests, data too, and nothing else."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == ours


@pytest.mark.parametrize("name", LOCKS)
def test_lock_fits_the_project(name: str) -> None:
    """Everything that pyproject.toml asks for is pinned at a version that it allows."""
    pinned = pins(name)
    missing = []
    for asked in map(Requirement, LOCKS[name]):
        version = pinned.get(canonicalize_name(asked.name))
        if version is None or not asked.specifier.contains(version, prereleases=True):
            missing.append(str(asked))
    assert missing == [], "run `make lock`"


def test_imports_are_declared() -> None:
    """What our packages import is declared in pyproject.toml, not just there by way of another."""
    asked = map(Requirement, RUNTIME)
    declared = {canonicalize_name(requirement.name) for requirement in asked}
    installed_by = packages_distributions()
    undeclared = {
        module
        for package in PACKAGES
        for path in package.rglob("*.py")
        for module in imported(path)
        if module not in sys.stdlib_module_names
        and module not in {ours.name for ours in PACKAGES}
        and declared.isdisjoint(map(canonicalize_name, installed_by.get(module, [])))
    }
    assert undeclared == set()


@pytest.mark.parametrize("name", get_args(Kafka.model_fields["compression"].annotation))
def test_compression_is_installed(name: str) -> None:
    """Each compression that settings allow is there for the connectors and for the worker."""
    for codec in (kafka.codec, aiokafka.codec):
        assert name == "none" or getattr(codec, f"has_{name}")()


def test_tests_run_on_what_runs() -> None:
    """The tests' lock pins the same versions as the other, and more."""
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize("name", LOCKS)
def test_lock_has_hashes_and_no_host(name: str) -> None:
    """Each pin has a hash, and where packages come from is the machine's own choice."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    entries = text.replace("\\\n", " ").splitlines()
    assert [line for line in entries if "==" in line and "--hash=sha256:" not in line] == []


def pins(name: str) -> dict[str, Version]:
    """What a lock file pins, by normal name."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" ")[0].split("==") for line in lines if "==" in line and line[0] != " "]
    return {canonicalize_name(pair[0]): Version(pair[1]) for pair in pairs}


def imported(path: Path) -> Iterator[str]:
    """The top-level modules that a file imports by their full name."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]
