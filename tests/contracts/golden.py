"""Fixtures and the form in which their golden records are kept."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.formats import FORMATS, Context
from pipeline.wire.codec import as_json
from pipeline.wire.story import Story

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CONTEXT = Context(timezone="Europe/Zurich", received_at=datetime(2026, 3, 1, 12, tzinfo=UTC))
BY_CONNECTOR = {"claimed_source", "text_source"}
_GOLDEN = ".golden.json"
_MAP = ".map.toml"


def fixtures(name: str) -> list[Path]:
    """The deliveries in a format's fixture folder, without their golden records."""
    folder = FIXTURES / name
    beside = (_GOLDEN, _MAP)
    return sorted(p for p in folder.glob("*") if p.is_file() and not p.name.endswith(beside))


def context(path: Path) -> Context:
    """The context of a fixture, with the map that stands beside it for the format mapped."""
    beside = path.with_name(path.name + _MAP)
    if not beside.exists():
        return CONTEXT
    paths = tomllib.loads(beside.read_text(encoding="utf-8"))
    lists = {name: [path] if isinstance(path, str) else path for name, path in paths.items()}
    return replace(CONTEXT, map=lists)


def golden_path(path: Path) -> Path:
    """Where the golden record of a fixture is."""
    return path.with_name(path.name + _GOLDEN)


def _as_parsed(story: Story) -> dict[str, Any]:
    """A story as JSON, without what the connector adds to what a format read."""
    return {name: value for name, value in as_json(story).items() if name not in BY_CONNECTOR}


def recorded(name: str, path: Path) -> dict[str, Any]:
    """What a fixture parses to, in the form of its golden record."""
    parsed = FORMATS[name](path.read_bytes(), context(path))
    record: dict[str, Any] = {
        "stories": [_as_parsed(story) for story in parsed.stories],
        "errors": [str(error) for error in parsed.errors],
        "skipped": [[skipped.reason, skipped.provider_id] for skipped in parsed.skipped],
    }
    result: dict[str, Any] = json.loads(json.dumps(record))  # tuples become JSON's lists
    return result
