"""`newswire`, or `python -m newswire`: every command, by its group."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from newswire import (
    context,
    deadletters,
    events,
    feeds,
    gazetteer,
    kibana,
    reindex,
    replay,
    search,
    services,
    status,
    texts,
    where,
)

app = typer.Typer(
    name="newswire",
    help="News wires to Kafka, enriched with who and where, searchable in Elasticsearch.\n\n"
    "Start with `newswire run`: it starts everything on this machine, reads the demo feed, "
    "and goes on watching. Then `newswire search QUERY` in another terminal.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            envvar="NEWSWIRE_CONFIG",
            help="TOML file of settings; see config/settings.py for what each means.",
        ),
    ] = None,
) -> None:
    """Options of every command."""
    ctx.obj = config


services.register(app)
search.register(app)
texts.register(app)
status.register(app)
for command in (events.events, replay.replay, reindex.reindex, where.where):
    app.command()(command)
app.add_typer(deadletters.app, name="deadletters")
app.add_typer(feeds.app, name="feeds")
app.add_typer(gazetteer.app, name="gazetteer")
app.add_typer(kibana.app, name="kibana")


def main() -> None:
    """Run the command line; every failure ends in one sentence."""
    with context.one_sentence():
        app(standalone_mode=True)


if __name__ == "__main__":
    main()
