"""`mcp`: the stories as tools for language models, over the Model Context Protocol."""

from __future__ import annotations

from typing import Annotated

import typer

from config.feeds import load_feeds
from newswire.context import err, one_sentence, settings
from pipeline.search.visible import machine
from pipeline.wire.errors import ConfigError


def mcp(
    ctx: typer.Context,
    http: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65535,
            help="Serve over HTTP at /mcp instead of standard input and output.",
        ),
    ] = None,
) -> None:
    """Serve stories to language models over the Model Context Protocol (MCP).

    It talks on standard input and output, as a client that starts it expects. With `--http` it
    listens on `mcp.host`, and requires the token in NEWSWIRE_MCP__TOKEN. It shows what any reader
    may see, without the feeds that have `machine_use = false`.
    """
    with one_sentence():
        base = settings(ctx.obj)
        try:
            from pipeline.mcp import server
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
                raise
            raise ConfigError("mcp needs its SDK: pip install 'newswire[mcp]'") from None
        viewer = machine(load_feeds(base.connectors.feeds_file).values())
        if http is None:
            server.run_stdio(base, viewer)
            return
        if base.mcp.token is None:
            raise ConfigError("mcp.token: --http needs a token: set NEWSWIRE_MCP__TOKEN")
        host = f"[{base.mcp.host}]" if ":" in base.mcp.host else base.mcp.host
        say = f"MCP: http://{host}:{http}/mcp"
        server.run_http(base, viewer, http, lambda: err.print(say, style="bold"))
