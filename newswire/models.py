"""`models`: which spaCy pipelines are installed, and how to install one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from newswire.context import fail, one_sentence, out, settings
from pipeline.enrich.language import primary

app = typer.Typer(
    help="List the models that find names, or install one for a language.", no_args_is_help=True
)

_WEB = "en zh"
_NEWS = "ca da de el es fi fr hr it ja ko lt mk nb nl pl pt ro ru sl sv uk"
SPACY: Mapping[str, str] = {
    **{code: f"{code}_core_web" for code in _WEB.split()},
    **{code: f"{code}_core_news" for code in _NEWS.split()},
}
"""spaCy's own pipelines that find names, by its code of the language, without their size."""


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the installed pipelines, and mark those that the settings use."""
    with one_sentence():
        from pipeline.enrich.models import chosen, installed  # spaCy takes a second to import

        enrichment = settings(ctx.obj).enrichment
        found = installed()
        used = {enrichment.model, *chosen(enrichment.languages, found).values()}
        for m in found:
            note = "used" if m.name in used else "" if m.finds_names else "finds no names"
            size = f"{m.size / 1e6:.0f} MB"
            out.print(f"{m.language:4} {m.name:28} {m.version:8} {size:>8}  {note}".rstrip())


@app.command()
def install(
    language: Annotated[str, typer.Argument(help="A language's code: de, fr, nb.")],
    size: Annotated[str, typer.Option(help="sm, md or lg.")] = "sm",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the command.")] = False,
) -> None:
    """Install spaCy's own pipeline for a language, by spaCy's own command.

    It is downloaded from spaCy's releases on GitHub: this machine needs access to github.com. The
    package index is not asked, because anyone can register a model's name there.
    """
    with one_sentence():
        code = {"no": "nb"}.get(primary(language) or "", primary(language) or "")
        if code not in SPACY:
            fail(f"spaCy has no pipeline for {language!r} (it has: {', '.join(sorted(SPACY))})", 2)
        if size not in ("sm", "md", "lg"):
            fail(f"size {size!r} is not sm, md or lg", 2)
        command = [sys.executable, "-m", "spacy", "download", f"{SPACY[code]}_{size}"]
        out.print(" ".join(command), soft_wrap=True)
        if not dry_run and subprocess.run(command, check=False).returncode:  # noqa: S603
            fail("spaCy could not install it: does this machine reach github.com?")
