"""`search` and `show`: find stories, and print one."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
import orjson
import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Table
from rich.text import Text as RichText

from config.settings import Elasticsearch
from newswire.context import err, fail, one_sentence, out, printable, settings
from pipeline.index.client import connect_sync
from pipeline.index.lookup import look_up_sync
from pipeline.index.setup import read_alias
from pipeline.search import dates
from pipeline.search.cursors import CursorError
from pipeline.search.facets import FACETS
from pipeline.search.marks import Text
from pipeline.search.reader import open_reader
from pipeline.search.request import SearchRequest
from pipeline.search.results import Hit, Page
from pipeline.search.visible import ANYBODY, is_visible
from pipeline.search.words import notices
from pipeline.wire.versions import REVISIONS

R = TypeVar("R", bound=SearchRequest)


def with_facets(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, in place of its `**filters`, an option for each facet."""
    known = inspect.signature(command, eval_str=True).parameters.values()
    options = {
        facet.name: Annotated[list[str] | None, typer.Option(help=facet.help)]
        for facet in FACETS.values()
    }
    command.__annotations__ |= options
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in options.items()
    ]
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*(own for own in known if own.kind != own.VAR_KEYWORD), *added]
    )
    return command


@with_facets
def search(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(help='Words, "a phrase", -without, person:, place:, headline:, OR.'),
    ] = None,
    entity: Annotated[list[str] | None, typer.Option(help="Person, organisation or place.")] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A value to exclude, as person:NAME.")
    ] = None,
    status: Annotated[list[str] | None, typer.Option(help="A story's status.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Published at or after: a date, or an age such as 2h.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Published before.")] = None,
    near: Annotated[str | None, typer.Option(help="latitude,longitude in degrees.")] = None,
    radius_km: Annotated[float, typer.Option(help="Distance from `--near`.")] = 50.0,
    bbox: Annotated[str | None, typer.Option(help="west,south,east,north in degrees.")] = None,
    polygon: Annotated[
        str | None, typer.Option(help="longitude,latitude of each corner, commas between all.")
    ] = None,
    sort: Annotated[str, typer.Option(help="auto, relevance, newest or oldest.")] = "auto",
    collapse: Annotated[bool, typer.Option("--collapse", help="Near-duplicates as one.")] = False,
    events: Annotated[bool, typer.Option("--events", help="One story of each event.")] = False,
    facets: Annotated[bool, typer.Option("--facets", help="Also count by facet.")] = False,
    size: Annotated[int, typer.Option(help="How many stories.")] = 10,
    cursor: Annotated[
        str | None, typer.Option(help="The next page, as the page before prints it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    **filters: Any,
) -> None:
    """Find stories. Withdrawn and embargoed ones are never shown."""
    with one_sentence():
        base = settings(ctx.obj)
        words = [*(query or ()), *(_entity(name) for name in entity or ())]
        request = request_of(
            SearchRequest,
            q=" ".join(words),
            **{name: tuple(values or ()) for name, values in filters.items()},
            without=tuple(without or ()),
            status=tuple(status or ()),
            since=instant(since),
            until=instant(until),
            near=near,
            radius_km=radius_km,
            bbox=bbox,
            polygon=polygon,
            sort=sort,
            collapse="events" if events else collapse,
            size=size,
            facets=facets,
        )
        found, following = asyncio.run(_found(base.elasticsearch, request, cursor))
        for notice in (*notices(request.q, datetime.now(UTC)), *found.said()):
            err.print(f"[yellow]{escape(notice)}[/]")
        _print_page(found, as_json)
        if following:
            err.print(f"[dim]next page: --cursor {following}[/]", highlight=False)


def request_of(kind: type[R], **values: Any) -> R:
    """Return a search request; what can't be read ends the command with a sentence."""
    try:
        return kind(**values)
    except ValidationError as error:
        fail("; ".join(_sentence(fault) for fault in error.errors()), 2)


def _sentence(fault: Mapping[str, Any]) -> str:
    where = ".".join(map(str, fault["loc"]))
    return f"{where}: {fault['msg']}" if where else str(fault["msg"])


def instant(text: str | None) -> datetime | None:
    """Return the instant that an option means; what is no date ends the command."""
    if text is None:
        return None
    found = dates.read(text, datetime.now(UTC))
    if found is None:
        fail(f"{text!r} is not a date: try 2026-11-27, yesterday, 2h or '27 Nov'", 2)
    return found


async def _found(
    elastic: Elasticsearch, request: SearchRequest, cursor: str | None
) -> tuple[Page, str | None]:
    async with open_reader(elastic) as reader:
        try:
            return await reader.search(request, cursor)
        except CursorError as error:
            fail(str(error), 2)


def _print_page(found: Page, as_json: bool) -> None:
    if as_json:
        for hit in found.hits:
            typer.echo(orjson.dumps(_hit(hit)))
        return
    for hit in found.hits:
        _print(hit)
    for name, values in found.facets.items():
        if values:
            counted = ", ".join(f"{each.label} {each.count}" for each in values)
            out.print(f"[dim]{FACETS[name].label}:[/] {escape(printable(counted))}")
    shown = f", {len(found.hits)} shown" if found.total > len(found.hits) else ""
    out.print(f"[dim]{found.total} {'story' if found.total == 1 else 'stories'}{shown}[/]")


def _entity(name: str) -> str:
    phrase = '"' + name.replace('"', " ") + '"'
    return f"(person:{phrase} OR org:{phrase} OR place:{phrase})"


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(hit),
        "headline": hit.headline.text,
        "snippets": [snippet.text for snippet in hit.snippets],
    }


def _print(hit: Hit) -> None:
    headline = _marked(hit.headline) if hit.headline.text else RichText(hit.slugline or hit.id)
    headline.stylize("bold")
    out.print(headline)
    when = hit.published_at.strftime("%Y-%m-%d %H:%M UTC") if hit.published_at else None
    about = [hit.source, hit.dateline, when, hit.signal, hit.id]
    out.print(f"  [dim]{escape(' · '.join(str(part) for part in about if part))}[/]")
    for snippet in hit.snippets:
        out.print(RichText("  … ").append(_marked(snippet)).append(" …"))
    out.print()


def _marked(text: Text) -> RichText:
    result = RichText()
    for part, matched in text.parts():
        result.append(printable(part), style="black on yellow" if matched else "")
    return result


def show(
    ctx: typer.Context,
    story_id: Annotated[str, typer.Argument(help="As `newswire search` prints it.")],
    explain: Annotated[bool, typer.Option(help="Why each place and not its namesake.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole document.")] = False,
) -> None:
    """Show one story: its text, entities, places, and the version indexed."""
    with one_sentence():
        base = settings(ctx.obj)
        elastic = base.elasticsearch
        with connect_sync(elastic) as client:
            found = look_up_sync(client, elastic, read_alias(elastic.index), [story_id])
        if story_id not in found:
            fail(f"no story {story_id!r} in the index: `newswire search` lists what there is")
        source, version = found[story_id].document, found[story_id].version
        if not is_visible(source, datetime.now(UTC), ANYBODY):
            hidden = source["status"]
            until = source.get("embargoed_until")
            fail(f"{story_id} is {hidden}{f' until {until}' if until else ''}: it is not shown")
        if as_json:
            typer.echo(orjson.dumps({**source, "_version": version}))
            return
        _story(source, version, explain)


def _story(source: Mapping[str, Any], version: int, explain: bool) -> None:
    out.print(RichText(printable(source.get("headline") or source["id"]), style="bold"))
    dateline = source.get("dateline") or {}
    for part in (source.get("byline"), dateline.get("text") or dateline.get("place")):
        if part:
            out.print(RichText(printable(part), style="italic"))
    if note := source.get("ednote"):
        out.print(RichText(f"Note to editors: {printable(note)}", style="yellow"))
    out.print()
    out.print(RichText(printable(source.get("body", ""))))
    out.print()
    if source.get("entities"):
        table = Table("Entity", "Type", "Title", "Mentions", box=None, header_style="dim")
        for entity in source["entities"]:
            table.add_row(
                escape(printable(entity["text"])),
                entity["label"],
                escape(printable(entity.get("title") or "")),
                str(entity["count"]),
            )
        out.print(table)
    if source.get("places"):
        columns = ("Place", "Country", "Latitude", "Longitude", "Role", "Confidence", "GeoNames")
        table = Table(*columns, *(("Why",) if explain else ()), box=None, header_style="dim")
        for place in source["places"]:
            why = (escape(place.get("reason") or ""),) if explain else ()
            table.add_row(*_place(place), *why)
        out.print(table)
    _facts(source, version)


def _place(place: Mapping[str, Any]) -> Iterable[str]:
    within = ", ".join(dict.fromkeys(p for p in (place["name"], place.get("admin1")) if p))
    return (
        escape(within),
        place.get("country") or place.get("country_code") or "",
        f"{place['location']['lat']:.4f}",
        f"{place['location']['lon']:.4f}",
        place.get("role") or "",
        f"{place.get('confidence', 0):.2f}",
        str(place["geonames_id"]),
    )


def _topic(topic: Mapping[str, Any]) -> str:
    name = printable(topic.get("name") or topic["code"])
    return f"{name} (inferred, {topic['confidence']:.2f})" if topic.get("confidence") else name


def _facts(source: Mapping[str, Any], version: int) -> None:
    provenance = source["provenance"]
    signal = " ".join(
        str(part) for part in (source.get("signal"), source.get("signal_sent")) if part
    )
    facts = {
        "Id": source["id"],
        "Version": f"{source.get('version') or 'by time'} (index version {version}, "
        f"enrichment {version % REVISIONS})",
        "Signal": signal,
        "Topics": ", ".join(map(_topic, source.get("topics") or ())),
        "Published": source.get("published_at"),
        "Received": f"{source.get('received_at')} by feed {source.get('feed')}, "
        f"as {source.get('format')}",
        "Enriched": f"{provenance.get('enriched_at')} by {provenance['model']}, "
        f"{provenance['gazetteer']}",
        "Indexed": source.get("indexed_at"),
    }
    out.print()
    for name, value in facts.items():
        if value:
            out.print(f"[dim]{name:10}[/] {escape(printable(str(value)))}")
