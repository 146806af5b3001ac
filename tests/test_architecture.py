"""Who may import whom: data moves down, never up. The rules stand in pyproject.toml."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("config", "connectors", "pipeline", "newswire")


def test_a_room_imports_only_from_below() -> None:
    """The layers that pyproject.toml declares hold."""
    linter = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    run = subprocess.run(
        [*linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("process", ["pipeline.alerts.service", "pipeline.web.app"])
def test_only_the_worker_loads_faust(process: str) -> None:
    """Alerts and the web load neither Faust nor spaCy, not even by way of another library."""
    code = f"import sys, {process}; print(sorted({{'faust', 'mode', 'spacy'}} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_relative_imports_are_not_used() -> None:
    """Every import says where from, so that a reader sees which room it crosses into."""
    relative = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_the_architecture_lists_every_room() -> None:
    """Each package stands in the table of rooms with one sentence, and no other folder does."""
    rooms = {
        str(init.parent.relative_to(ROOT))
        for package in PACKAGES
        for init in (ROOT / package).rglob("__init__.py")
    } - {"pipeline"}
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = text.partition("## The rooms")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)
    assert {room for room, _ in listed} == rooms
    assert len(listed) == len(rooms)
    assert all(re.fullmatch(r"[A-Z].*[^.]\.", sentence) for _, sentence in listed)
