"""`kibana`: exports or imports dashboards, searches and a map of the stories."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from config.settings import Settings
from newswire.context import err, one_sentence, out, settings
from pipeline.kibana import client, objects
from pipeline.kibana.definitions import load_definitions
from pipeline.kibana.land import setup_land
from pipeline.wire.errors import RequestRefused

app = typer.Typer(help="Export or import the Kibana dashboards.", no_args_is_help=True)


def saved_objects(base: Settings) -> bytes:
    """Return all saved objects for the configured indices, as NDJSON."""
    return objects.export(
        load_definitions(), objects.sources(base.elasticsearch), base.web.public_url
    )


@app.command("export")
def export_file(ctx: typer.Context, file: Annotated[Path, typer.Argument(dir_okay=False)]) -> None:
    """Write the saved objects to FILE, for Kibana's Import page or its API."""
    with one_sentence():
        file.write_bytes(saved_objects(settings(ctx.obj)))
        out.print(f"{file}: import it in Kibana under Stack Management, Saved Objects")
        out.print("`newswire kibana land` writes the land of its map into Elasticsearch")


@app.command("land")
def write_land(ctx: typer.Context) -> None:
    """Write the land of Kibana's map into Elasticsearch, as an index of polygons."""
    with one_sentence():
        for line in setup_land(settings(ctx.obj).elasticsearch):
            out.print(line)


@app.command("import")
def import_into(
    ctx: typer.Context,
    url: Annotated[str, typer.Option(help="Where Kibana listens.")] = "http://127.0.0.1:5601",
    user: Annotated[
        str | None, typer.Option(help="With KIBANA_PASSWORD in the environment.")
    ] = None,
) -> None:
    """Import dashboards, searches and map into a running Kibana, replacing earlier ones.

    The land of the map is written into Elasticsearch before.

    Credentials come from the environment: KIBANA_API_KEY, or KIBANA_PASSWORD with --user.
    """
    with one_sentence():
        base = settings(ctx.obj)
        try:
            setup_land(base.elasticsearch)
        except RequestRefused as error:  # a distribution without shapes
            err.print(f"[yellow]The map will have no land: {escape(str(error))}[/]")
        password = os.environ.get("KIBANA_PASSWORD", "")
        count = client.send(
            url,
            saved_objects(base),
            api_key=os.environ.get("KIBANA_API_KEY"),
            auth=(user, password) if user else None,
        )
        out.print(f"{count} objects are in Kibana at {url}")
