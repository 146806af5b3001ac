"""`config`: show the settings in force, and where each was set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import BaseModel, SecretStr

from config.settings import Origins, Settings, load_with_origins
from newswire.context import one_sentence, out

app = typer.Typer(help="Show the settings in force, and where each was set.", no_args_is_help=True)

MASK = "***"
DEFAULT = "default"


@app.command()
def show(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only what differs from the defaults.")
    ] = False,
) -> None:
    """Show every setting with its value and its origin; secrets are masked."""
    with one_sentence():
        rows = [
            row
            for row in effective(*load_with_origins(ctx.obj))
            if not (changed and row["origin"] == DEFAULT)
        ]
        if as_json:
            typer.echo(json.dumps({row.pop("setting"): row for row in rows}, indent=2))
            return
        for row in rows:
            value = json.dumps(row["value"], ensure_ascii=False)
            out.print(f"{row['setting']} = {value}", markup=False, highlight=False, end="")
            out.print(f"  [dim]# {row['origin']}[/]")


def effective(settings: Settings, origins: Origins) -> list[dict[str, Any]]:
    """Returns each setting's name, value and origin, in the order of docs/settings.md."""
    return [
        {"setting": ".".join(key), "value": _shown(value), "origin": _origin(key, origins)}
        for key, value in _values(settings)
    ]


def _values(model: BaseModel, under: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _values(value, (*under, name))
        else:
            yield (*under, name), value


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, dict | list | tuple | str | int | float | bool | None):
        return value
    return str(value)


def _origin(key: tuple[str, ...], origins: Origins) -> str:
    # A table's keys have origins of their own: {"fr": ...} in a file, all of it in a variable.
    found = {origin for each, origin in origins.items() if each[: len(key)] == key}
    return ", ".join(sorted(found)) or DEFAULT
