"""Fixtures and the form in which their golden records are kept."""

from __future__ import annotations

import json
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


def fixtures(name: str) -> list[Path]:
    """The deliveries in a format's fixture folder, without their golden records."""
    folder = FIXTURES / name
    return sorted(p for p in folder.glob("*") if p.is_file() and not p.name.endswith(_GOLDEN))


def golden_path(path: Path) -> Path:
    """Where the golden record of a fixture is."""
    return path.with_name(path.name + _GOLDEN)


def _as_parsed(story: Story) -> dict[str, Any]:
    """A story as JSON, without what the connector adds to what a format read."""
    return {name: value for name, value in as_json(story).items() if name not in BY_CONNECTOR}


def recorded(name: str, path: Path) -> dict[str, Any]:
    """What a fixture parses to, in the form of its golden record."""
    parsed = FORMATS[name](path.read_bytes(), CONTEXT)
    record: dict[str, Any] = {
        "stories": [_as_parsed(story) for story in parsed.stories],
        "errors": [str(error) for error in parsed.errors],
        "skipped": [[skipped.reason, skipped.provider_id] for skipped in parsed.skipped],
    }
    result: dict[str, Any] = json.loads(json.dumps(record))  # tuples become JSON's lists
    return result
