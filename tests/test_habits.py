"""The public CI, the hooks and the documents name what exists."""

from __future__ import annotations

import ast
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

import newswire

ROOT = Path(__file__).parents[1]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.M))
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]


def commands() -> list[str]:
    """List what the public CI and the hooks run."""
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert {each["repo"] for each in hooks} == {"local"}
    return [
        *(step["run"] for job in jobs.values() for step in job["steps"] if "run" in step),
        *(hook["entry"] for each in hooks for hook in each["hooks"]),
    ]


@pytest.mark.parametrize("command", commands())
def test_ci_and_hooks_call_make(command: str) -> None:
    """Each of them is a target of the Makefile, or the script that calls them."""
    program, *arguments = command.split("#")[0].split()
    if program == ".ci/run":
        text = (ROOT / program).read_text("utf-8")
        assert set(re.findall(r"^\s*within make ([a-z-]+)", text, re.M)) == {"test", "test-long"}
    else:
        assert program == "make"
        assert set(arguments) <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_targets_exist(document: Path) -> None:
    """A link of a document leads to a file, and each `make` target that it names exists."""
    text = document.read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= TARGETS


def test_help_lists_every_target() -> None:
    """`make help` has a line for each target that a person calls."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^make ([a-z-]+)", done.stdout, re.M))
    assert listed == TARGETS - {"help"}


def test_the_changelog_knows_the_version() -> None:
    """The newest release of the changelog that is out is this version."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (\d+\.\d+\.\d+)", text, re.M)[0] == newswire.__version__


def test_a_test_stands_in_the_folder_of_its_module() -> None:
    """Each folder of tests of a package is named like a folder of the package."""
    homeless = [
        str(path.relative_to(ROOT))
        for package in ("config", "connectors", "newswire", "pipeline")
        for path in (ROOT / "tests" / package).rglob("test_*.py")
        if not (ROOT / path.parent.relative_to(ROOT / "tests")).is_dir()
    ]
    assert homeless == []


NOT_VERBS = {
    *("A", "All", "An", "As", "Both", "Each", "Equal", "Every", "From", "He", "How", "If", "In"),
    *("It", "Its", "Keyword", "Milliseconds", "New", "No", "Nobody", "None", "Nothing", "Of"),
    *("One", "Options", "Partitions", "Seconds", "Some", "Stories", "That", "The", "These"),
    *("They", "This", "True", "False", "What", "When", "Where", "Whether", "Which", "While"),
    *("Who", "Whose", "Why", "With", "Without"),
}


def parsed(path: Path) -> ast.Module:
    """The tree of a module."""
    for _ in range(3):
        # Python 3.11 counts the depth of all threads' trees together, and so may refuse one
        # (python/cpython#106905).
        with suppress(SystemError):
            return ast.parse(path.read_text("utf-8"))
    return ast.parse(path.read_text("utf-8"))


def test_a_docstring_of_a_function_begins_with_a_verb() -> None:
    """It says what the function does, so it does not begin with an article or a pronoun."""
    wrong = []
    for package in ("config", "connectors", "newswire", "pipeline", "tools"):
        for path in sorted((ROOT / package).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    first, *_ = (ast.get_docstring(node) or "Returns").split(maxsplit=1)
                    if not first[0].isalpha() or first.strip(".,:;") in NOT_VERBS:
                        wrong.append(f"{place}:{node.lineno} {node.name}: {first} …")
    assert wrong == []
