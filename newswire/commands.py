"""The commands by name. A command's module is imported when the command runs, not before.

So `newswire --help`, shell completion and `newswire parse` need not wait for Kafka's,
Elasticsearch's and spaCy's libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("services", "Start everything on this machine and keep it running until Ctrl-C."),
    "setup": ("services", "Create the topics, templates, index and aliases that are missing."),
    "ingest": ("services", "Read feeds and publish their stories to Kafka."),
    "worker": ("services", "Enrich stories and index them."),
    "alerts": ("alerts", "Match new stories with saved searches and send alerts."),
    "web": ("services", "Serve the search page and the API."),
    "mcp": ("mcp", "Serve stories to language models over the Model Context Protocol (MCP)."),
    "search": ("search", "Find stories. Withdrawn and embargoed ones are never shown."),
    "attention": ("attention", "Count the stories of up to five searches over time, as CSV."),
    "show": ("search", "Show one story: its text, entities, places, and the version indexed."),
    "status": ("status", "Show offsets, lag, counts and health. Exit code 1 when unhealthy."),
    "doctor": ("doctor", "Check servers, topics, clock, disk, models, feeds and alerts."),
    "capacity": ("capacity", "Reckon what a month of so many stories takes, and its price."),
    "config": ("configuration", "Show the settings in force, and where each was set."),
    "where": ("where", "Show where a story is: delivery, topics, dead letters and index."),
    "parse": ("texts", "Read deliveries and print their stories, one JSON object a line."),
    "enrich": ("texts", "Find people, organisations and places in texts, as JSON Lines."),
    "events": (
        "events",
        "Group stories by the event that they report: JSON Lines in, JSON Lines out.",
    ),
    "event": ("event", "Show an event: who had it when, its figures, quotes and stories."),
    "trending": (
        "trending",
        "List the names, places and events that have far more stories than usual at this hour.",
    ),
    "roles": ("roles", "List the titles that stories print before a person's name, over time."),
    "reach": (
        "reach",
        "Show who was told of a killed story, and which copies and other reports still stand.",
    ),
    "race": ("race", "Compare the sources: who has events first, alone or late."),
    "replay": ("replay", "Send past stories through the pipeline again."),
    "reindex": ("reindex", "Build a new index from the enriched topic and switch to it."),
    "retain": ("retain", "Purge the stories that are older than the `retain_days` of their feed."),
    "prove": ("prove", "Compare every document of the index with the enriched topic."),
    "deadletters": ("deadletters", "List, show and replay what could not be read or indexed."),
    "held": ("held", "List the stories that are held, and release them."),
    "feeds": ("feeds", "List, check and add feeds."),
    "users": ("users", "List, add and remove the users of the page."),
    "gazetteer": ("gazetteer", "Show or build the gazetteer, the list of places."),
    "kb": ("kb", "Build a table of people and organisations with their ids."),
    "topics": ("topics", "Train the model that infers the topics of stories without codes."),
    "models": ("models", "List the models that find names, or install one for a language."),
    "kibana": ("kibana", "Export or import the Kibana dashboards."),
}
"""Each command's module in this package, and the first line of its help."""


class Lazy(TyperCommand):
    """A command that is known by its first line, and imported to read its arguments."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Return the context of the command itself."""
        return load(str(self.name)).make_context(info_name, args, parent, **extra)


class Commands(TyperGroup):
    """The group of all commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {
            name: Lazy(name, help=summary, short_help=summary, callback=None)
            for name, (_, summary) in COMMANDS.items()
        }


def load(name: str) -> Any:
    """Import a command.

    A module has a group of commands as `app`, or functions that are named as commands are.
    """
    module = import_module(f"newswire.{COMMANDS[name][0]}")
    group = getattr(module, "app", None)
    if group is not None:
        return get_group(group)
    single = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    single.command(name)(getattr(module, name))
    return get_command(single)
