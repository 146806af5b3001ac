"""`doctor`: examines servers, configuration and machine, and says what to do."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from newswire.checks import Finding, examine
from newswire.context import one_sentence, out, printable, settings

_MARK = {"ok": "[green]ok[/]     ", "warning": "[yellow]warning[/]", "fault": "[red]fault[/]  "}


def doctor(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines, one a finding.")] = False,
) -> None:
    """Check servers, topics, clock, disk, models, feeds and alerts.

    Changes nothing. Each finding that is not well says what to do. Exit code 1 where there is a
    fault.
    """
    with one_sentence():
        findings: list[Finding] = []
        for finding in examine(settings(ctx.obj)):
            findings.append(finding)
            if as_json:
                typer.echo(json.dumps(asdict(finding), ensure_ascii=False))
            else:
                out.print(_line(finding), highlight=False)
        faults = sum(finding.level == "fault" for finding in findings)
        warnings = sum(finding.level == "warning" for finding in findings)
        if not as_json:
            out.print(f"{len(findings)} findings: {faults} faults, {warnings} warnings.")
        if faults:
            raise typer.Exit(1)


def _line(finding: Finding) -> str:
    what = escape(printable(finding.what))
    todo = f": [bold]{escape(printable(finding.todo))}[/]" if finding.todo else ""
    return f"{_MARK[finding.level]} {finding.area:9} {what}{todo}"
