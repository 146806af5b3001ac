"""`python -m tools.settings > docs/settings.md`: write the reference of all settings."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from config import settings
from config.settings import SECRETS, Settings, variable

ROOT = Path(__file__).parents[1]

HEAD = """# Settings

Generated from config/settings.py by `make settings`.

Settings come from the defaults below, then from a TOML file (`newswire --config FILE`, or the
variable `NEWSWIRE_CONFIG`), then from environment variables, which win. In the file a setting
stands in the table of its section; in the environment it is `NEWSWIRE_<SECTION>__<KEY>`, and a
list is separated by commas:

```toml
[kafka]
brokers = ["kafka-1:9092", "kafka-2:9092"]
```

```sh
export NEWSWIRE_KAFKA__BROKERS=kafka-1:9092,kafka-2:9092
```

An unknown key or an invalid value stops the start, with the key and the file or variable. A
setting marked *secret* is read from the environment only.
"""

UNITS = {
    "ms": "milliseconds",
    "seconds": "seconds",
    "hours": "hours",
    "days": "days",
    "bytes": "bytes",
    "chars": "characters",
    "port": "port number",
}


@dataclass(frozen=True)
class Setting:
    """One setting as its reference shows it."""

    key: tuple[str, ...]
    unit: str
    default: str
    description: str


def sections() -> Iterator[tuple[str, str, list[Setting]]]:
    """Yield each section's name, description and settings; the name of the top level is empty."""
    described = descriptions()
    models: dict[str, type[BaseModel]] = {"": Settings}
    for name, field in Settings.model_fields.items():
        if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
            models[name] = field.annotation
    for section, model in models.items():
        found = []
        for name, field in model.model_fields.items():
            if name in models:
                continue
            key = (section, name) if section else (name,)
            secret = " *secret*" if key in SECRETS else ""
            text = described[model.__name__].get(name, "")
            default = _default(field.default)
            found.append(Setting(key, unit(name, field.annotation) + secret, default, text))
        yield section, described[model.__name__][""], found


def descriptions() -> dict[str, dict[str, str]]:
    """Return the docstrings of each class and its attributes; a class's own has the name ""."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(settings)).body:
        if isinstance(node, ast.ClassDef):
            texts = found[node.name] = {"": ast.get_docstring(node) or ""}
            for field, after in zip(node.body, node.body[1:], strict=False):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(after, ast.Expr)
                    and isinstance(after.value, ast.Constant)
                ):
                    texts[field.target.id] = " ".join(str(after.value.value).split())
    return found


def unit(name: str, kind: Any) -> str:
    """Return the unit of a number, the choices of a word, or the type of anything else."""
    suffix = name.rpartition("_")[2]
    if suffix in UNITS:
        return UNITS[suffix]
    kinds = [each for each in get_args(kind) if each is not type(None)] or [kind]
    if get_origin(kind) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(kind))
    if get_origin(kinds[0]) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(kinds[0]))
    names = {bool: "`true` or `false`", int: "number", float: "number", Path: "path"}
    if get_origin(kind) is tuple:
        return "list"
    if get_origin(kind) is dict:
        return "table"
    return names.get(kinds[0], "text")


def _default(value: Any) -> str:
    if value is None or value in ({}, ()):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT) if value.is_absolute() else value}`"
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return f"`{value}`"


def reference() -> str:
    """Return docs/settings.md."""
    parts = [HEAD]
    for section, description, found in sections():
        title = f"[{section}]" if section else "Top level"
        parts.append(f"\n## {title}\n\n{description}\n")
        parts.append("\n| setting | unit | default | what it does |\n|---|---|---|---|\n")
        parts += [
            f"| `{each.key[-1]}` | {each.unit} | {each.default} | {each.description} |\n"
            for each in found
        ]
    secrets = ", ".join(f"`{variable(key)}`" for key in sorted(SECRETS))
    parts.append(f"\nSecrets: {secrets}.\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(reference())
