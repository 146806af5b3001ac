"""`gazetteer`: build a file of places, and show what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from newswire.context import err, one_sentence, out, settings
from pipeline.enrich.geo import build as geo_build
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.shipped import ensure

app = typer.Typer(help="Show or build the gazetteer, the list of places.", no_args_is_help=True)


def folder(base: Settings) -> Path:
    """Returns the folder of gazetteer files."""
    return base.data_dir / "gazetteer"


@app.command()
def build(
    ctx: typer.Context,
    geonames: Annotated[
        Path, typer.Option(help="A full GeoNames dump (allCountries.txt), for every hamlet.")
    ],
) -> None:
    """Build a gazetteer from a full GeoNames dump. The default one comes with newswire."""
    with one_sentence():
        base = settings(ctx.obj)
        with err.status("Building the gazetteer …"):
            path = folder(base) / f"{geonames.stem}.bin"
            geo_build.build(path, geonames)
        out.print(f"{path}\nTo use it, set NEWSWIRE_ENRICHMENT__GAZETTEER={path}")


@app.command()
def info(ctx: typer.Context) -> None:
    """Show sources, versions, counts and licence of the gazetteer in use."""
    with one_sentence():
        base = settings(ctx.obj)
        path = base.enrichment.gazetteer or ensure(folder(base))
        for name, value in geo_build.info(Gazetteer(path)).items():
            out.print(f"[dim]{name:12}[/] {value}")
