"""`python -m pipeline.wire.schema`: writes docs/story.md and docs/story.schema.json.

The meaning of each field stands once, in `pipeline.wire.story`; both files repeat it for those who
don't read Python. A test compares them with the code.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.wire import codec, story

DOCS = Path(__file__).parents[2] / "docs"
COMMAND = "python -m pipeline.wire.schema"

_HEAD = f"""# Story: one version of one story, as an agency sent it

<!-- Made by `{COMMAND}` from pipeline/wire/story.py: change it there. -->

This is the record on the stories topics, what `newswire parse` prints a line of for each story,
and, with what enrichment adds, what the index holds. One JSON object in UTF-8. Instants are
RFC 3339 in UTC (`2024-05-01T12:00:00Z`), days `2024-05-01`. What the wire does not say is `null`
or an empty list, never invented. Unknown fields are passed over, so a field may be added without
notice; a field that changes its meaning raises the number in the message header `schema`
(now {codec.SCHEMA}). The JSON Schema (2020-12) is [story.schema.json](story.schema.json).

The order of a story's versions, and what a kill does to them: `pipeline/wire/versions.py`.

A record without a value is a tombstone: the days of the story that its key names are over
(`retain_days`, `newswire retain`). It stands on the enriched topic alone, its header `version` has
the index version up to which the story is purged, and compaction removes what is before it. A kill
is no tombstone: it has a value, and stays.
"""


@cache
def meanings() -> Mapping[str, Mapping[str, str]]:
    """Returns what each field or word of each record means, by class: the docstrings below them."""
    tree = ast.parse(inspect.getsource(story))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {node.name: _meanings(node) for node in classes}


def _meanings(of: ast.ClassDef) -> dict[str, str]:
    found = {}
    for field, after in zip(of.body, [*of.body[1:], None], strict=True):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = re.sub(r"\bNone\b", "null", inspect.cleandoc(text))
    return found


def schema() -> dict[str, Any]:
    """Returns the JSON Schema of a story, with what each field means."""
    made = codec.json_schema(story.Story)
    for name, definition in made["$defs"].items():
        for field, described in definition.get("properties", {}).items():
            described["description"] = meanings()[name][field]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Story", **made}


def page() -> str:
    """Returns the documentation of a story's JSON form, in Markdown."""
    definitions = schema()["$defs"]
    names = ["Story", *(name for name in definitions if name != "Story")]
    return "\n".join([_HEAD, *(_section(name, definitions[name]) for name in names)])


def _section(name: str, definition: Mapping[str, Any]) -> str:
    lines = [f"## {name}", "", definition["description"], ""]
    if "enum" in definition:
        words = {str(value): meanings()[name].get(value.name, "") for value in getattr(story, name)}
        lines += ["| Word | |", "|---|---|"]
        lines += [f"| `{word}` | {meaning} |" for word, meaning in words.items()]
    else:
        required = definition.get("required", [])
        lines += ["| Field | JSON | Meaning |", "|---|---|---|"]
        for field, described in definition["properties"].items():
            shown = f"**`{field}`**" if field in required else f"`{field}`"
            lines.append(f"| {shown} | {_type(described)} | {_cell(described['description'])} |")
    return "\n".join([*lines, ""])


def _type(described: Mapping[str, Any]) -> str:
    """Returns a field's JSON type in words: "string or null", "list of Subject"."""
    if "anyOf" in described:
        return " or ".join(_type(part) for part in described["anyOf"])
    if "$ref" in described:
        name = described["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if described["type"] == "array":
        return f"list of {_type(described['items'])}"
    kind: str = described["type"]
    return {"date-time": "instant", "date": "day"}.get(described.get("format", ""), kind)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def files() -> dict[Path, str]:
    """Returns each file that is made, with its text."""
    return {
        DOCS / "story.md": page(),
        DOCS / "story.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")
