"""The worker's agents: the list that worker, metrics and status walk."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.stream import deadletters, enriching, events, indexing, refused
from pipeline.stream.step import Agent, Counts

AGENTS: tuple[Agent, ...] = (
    *enriching.AGENTS,
    indexing.AGENT,
    refused.AGENT,
    events.AGENT,
    deadletters.AGENT,
)


def counters() -> Mapping[str, str]:
    """Return the help text of every counter that an agent declares, by name."""
    return {name: text for agent in AGENTS for name, text in agent.counters.items()}


def no_counts() -> Counts:
    """Return every counter at 0."""
    return dict.fromkeys(counters(), 0)
