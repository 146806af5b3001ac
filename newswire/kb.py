"""`kb`: build a table of names from an extract of a knowledge base."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from newswire.context import err, one_sentence, out, settings

app = typer.Typer(
    help="Build a table of people and organisations with their ids.", no_args_is_help=True
)


@app.callback()
def kb() -> None:
    """Build a table of people and organisations with their ids."""


@app.command()
def build(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="An extract of Wikidata: JSON Lines or CSV.")],
) -> None:
    """Build a table of names from an extract of Wikidata, or from a CSV file of your own.

    CSV needs the columns id, name and type ("PERSON", "ORG" or a Wikidata class), and may have
    aliases (parted by "|"), links and description.
    """
    with one_sentence():
        from pipeline.enrich import knowledge
        from pipeline.enrich.wikidata import Extract

        folder = settings(ctx.obj).data_dir / "kb"
        folder.mkdir(parents=True, exist_ok=True)
        extract = Extract(file)
        path = folder / f"{file.name.partition('.')[0]}.sqlite"
        with err.status("Building the table …"):
            number = knowledge.build(path, extract, _version(file))
        out.print(
            f"{path}: {number:,} entries; {extract.left_out:,} items of other types left out.\n"
            f"To use it, set NEWSWIRE_ENRICHMENT__KNOWLEDGE={path}"
        )


def _version(file: Path) -> str:
    """Returns the file's name and a digest of its content."""
    digest = hashlib.blake2b(digest_size=4)
    with one_sentence(), file.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return f"{file.name} {digest.hexdigest()}"
