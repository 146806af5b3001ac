"""`users`: the people who may use the page, their roles and their sources."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from newswire.context import one_sentence, out, printable, settings
from pipeline.desk.users import Users
from pipeline.search.visible import Role

app = typer.Typer(help="List, add and remove the users of the page.", no_args_is_help=True)


@app.command("list")
def list_users(ctx: typer.Context) -> None:
    """List the users with their roles and sources."""
    with one_sentence():
        table = Table("Name", "Role", "Sources", box=None, header_style="dim")
        for user in Users(settings(ctx.obj).data_dir).all():
            sources = "all" if user.sources is None else ", ".join(user.sources)
            table.add_row(escape(printable(user.name)), user.role, escape(printable(sources)))
        out.print(table)


@app.command()
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The name, as a trusted proxy would send it.")],
    role: Annotated[
        Role, typer.Option(help="A reader; an editor, who sees embargoes; or an admin.")
    ] = Role.READER,
    sources: Annotated[
        str | None, typer.Option(help="The sources that the user may read, as AP,AFP; else all.")
    ] = None,
) -> None:
    """Add a user and print the token, once: it is kept as a hash alone.

    The running page knows the user at the next request. From the first user on, every request
    needs a token.
    """
    with one_sentence():
        named = None if sources is None else [part.strip() for part in sources.split(",")]
        token = Users(settings(ctx.obj).data_dir).add(
            name, role, None if named is None else [part for part in named if part]
        )
        typer.echo(token)


@app.command()
def remove(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="As `newswire users list` says.")]
) -> None:
    """Remove a user: the token opens nothing from the next request on."""
    with one_sentence():
        Users(settings(ctx.obj).data_dir).remove(name)
        out.print(f"{escape(printable(name))} is removed. What was kept for the name remains.")
