"""`newswire`, or `python -m newswire`: every command, by its group."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from newswire import __version__, context
from newswire.commands import Commands

app = typer.Typer(
    name="newswire",
    cls=Commands,
    help="Read news wires, find the people and places in their stories, and make them "
    "searchable.\n\nStart with `newswire run`: it starts everything on this machine and reads "
    "the demo feed. Then run `newswire search QUERY` in another terminal.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newswire {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            envvar="NEWSWIRE_CONFIG",
            help="TOML file of settings; docs/settings.md explains each.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Read the options of every command."""
    ctx.obj = config


def main() -> None:
    """Run the command line; every failure ends in one sentence."""
    with context.one_sentence():
        app(standalone_mode=True)


if __name__ == "__main__":
    main()
