"""Who may import whom: data moves down, never up."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"config", "connectors", "pipeline", "newswire"}
RECORDS = {
    f"pipeline.{name}"
    for name in ("story", "codec", "topics", "errors", "deadletter", "backoff", "broker")
}
"""What connectors and worker agree on."""
ALLOWED = {
    "config": {"config"},
    "connectors": {"config", "connectors", *RECORDS},
    "pipeline": {"config", "pipeline"},
}


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, also within functions: "pipeline.wire.story"."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # "from pipeline import codec" imports the module pipeline.wire.codec.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(package: str) -> list[Path]:
    """The package's source files, by path."""
    return sorted((ROOT / package).rglob("*.py"))


def allowed(module: str, package: str) -> bool:
    """Whether a package may import a module, or a name of one that it may import."""
    parts = module.split(".")
    return any(".".join(parts[:n]) in ALLOWED[package] for n in range(1, len(parts) + 1))


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_what_it_may(package: str) -> None:
    """No package imports from one above it, and connectors know only the records."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in modules(package)
        for module in imported(path)
        # "from pipeline import codec" names the bare package first, which holds nothing.
        if module.split(".")[0] in OURS and module not in OURS and not allowed(module, package)
    ]
    assert wrong == []


def test_relative_imports_are_not_used() -> None:
    """Every import says where from, so that the rules above see it."""
    relative = [
        str(path.relative_to(ROOT))
        for package in OURS
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []
