"""The error tree stands whole in one file, and is drawn as it is."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from pipeline.wire import errors

ROOT = Path(__file__).resolve().parents[3]
CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, errors.NewswireError)
}


def test_the_tree_is_drawn_as_it_is() -> None:
    """Each error stands in the module's text below the one that it derives from, once."""
    drawn: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for indent, name in re.findall(r"^( {4,})(\w+)(?:  |$)", errors.__doc__ or "", re.MULTILINE):
        above = [(depth, parent) for depth, parent in above if depth < len(indent)]
        assert name not in drawn
        drawn[name] = above[-1][1] if above else None
        above.append((len(indent), name))
    bases = {name: cls.__bases__[0].__name__ for name, cls in CLASSES.items()}
    assert drawn == {**bases, "NewswireError": None}


def test_no_error_of_the_tree_stands_elsewhere() -> None:
    """No other file declares an error that derives from one of the tree."""
    strays = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for room in ("config", "connectors", "newswire", "pipeline")
        for path in (ROOT / room).rglob("*.py")
        if path.name != "errors.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).split(".")[-1] in CLASSES for base in node.bases)
    ]
    assert strays == []
