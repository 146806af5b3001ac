"""robots.txt (RFC 9309): which pages of a host may be fetched, and how often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

MAX_LINES = 10_000
MAX_DELAY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one host for this program."""

    rules: tuple[tuple[str, bool], ...] = ()
    """Path patterns, each with True for Allow."""
    delay_seconds: float = 0.0

    def allows(self, url: str) -> bool:
        """Return True if a page may be fetched: the longest pattern decides, then Allow."""
        parts = urlsplit(url)
        path = _normal((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        found = [(len(pattern), allow) for pattern, allow in self.rules if _matches(pattern, path)]
        return max(found, default=(0, True))[1]


NOTHING = Robots(rules=(("/", False),))
"""For a host whose robots.txt can't be read now."""


def parse(text: str, agent: str) -> Robots:
    """Return the rules of a robots.txt for an agent, else those for "*"."""
    groups: dict[str, list[tuple[str, str]]] = {}
    agents: list[str] = []
    in_agents = False
    for key, value in _lines(text):
        if key == "user-agent":
            agents = [*agents, value.casefold()] if in_agents else [value.casefold()]
            in_agents = True
            for name in agents:
                groups.setdefault(name, [])
        else:
            in_agents = False
            for name in agents:
                groups[name].append((key, value))
    ours = groups.get(agent.casefold(), groups.get("*", []))
    rules = tuple(
        (_normal(value), key == "allow")
        for key, value in ours
        if key in ("allow", "disallow") and value
    )
    return Robots(rules, max((_seconds(v) for k, v in ours if k == "crawl-delay"), default=0.0))


def _lines(text: str) -> Iterable[tuple[str, str]]:
    for line in text.splitlines()[:MAX_LINES]:
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().casefold(), value.strip()


def _matches(pattern: str, path: str) -> bool:
    end = pattern.endswith("$")
    parts = pattern.removesuffix("$").split("*")
    if not path.startswith(parts[0]):
        return False
    at = len(parts[0])
    for number, part in enumerate(parts[1:], 1):
        last = number == len(parts) - 1
        found = path.rfind(part, at) if last and end else path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return at == len(path) if end else True


def _normal(path: str) -> str:
    """Return a path percent-encoded in one way, so that equal paths compare equal."""
    return quote(unquote(path), safe="/*$?&=;:@!'(),+~")


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return min(seconds, MAX_DELAY_SECONDS) if seconds > 0 else 0.0
