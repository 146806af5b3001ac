"""`gazetteer`: build the file of places, and say what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from newswire.context import err, one_sentence, out, settings
from pipeline.enrich.geo import build as geo_build
from pipeline.enrich.geo.gazetteer import Gazetteer

app = typer.Typer(help="The places that toponyms are resolved to.", no_args_is_help=True)


def folder(base: Settings) -> Path:
    """Where built gazetteers stand."""
    return base.data_dir / "gazetteer"


@app.command()
def build(
    ctx: typer.Context,
    geonames: Annotated[
        Path | None,
        typer.Option(help="A full GeoNames dump (allCountries.txt), for every hamlet."),
    ] = None,
) -> None:
    """Build the gazetteer: from the installed packages, or from a full GeoNames dump."""
    with one_sentence():
        base = settings(ctx.obj)
        with err.status("Building the gazetteer …"):
            if geonames is None:
                out.print(str(geo_build.ensure(folder(base))))
                return
            path = folder(base) / f"{geonames.stem}.bin"
            geo_build.build(path, geonames)
        out.print(f"{path}\nTo use it, set NEWSWIRE_ENRICHMENT__GAZETTEER={path}")


@app.command()
def info(ctx: typer.Context) -> None:
    """Show sources, versions, counts and licence of the gazetteer in use."""
    with one_sentence():
        base = settings(ctx.obj)
        path = base.enrichment.gazetteer or geo_build.ensure(folder(base))
        for name, value in geo_build.info(Gazetteer(path)).items():
            out.print(f"[dim]{name:12}[/] {value}")
