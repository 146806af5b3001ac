"""docs/settings.md is generated from config/settings.py, and describes every setting."""

from __future__ import annotations

import re
from pathlib import Path

from tools.settings import Setting, reference, sections

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
SETTINGS: list[Setting] = [each for _, _, found in sections() for each in found]


def test_the_document_is_generated() -> None:
    """docs/settings.md is what `make settings` writes."""
    assert DOCUMENT.read_text(encoding="utf-8") == reference(), "run `make settings`"


def test_every_setting_is_described() -> None:
    """Each setting has one sentence, a unit and a default."""
    assert len(SETTINGS) > 60
    sentence = re.compile(r"[A-Z][^|]*[^.|]\.")
    assert [each.key for each in SETTINGS if not sentence.fullmatch(each.description)] == []
    assert [each.key for each in SETTINGS if not each.unit or not each.default] == []


def test_every_section_is_described() -> None:
    """Each section says what it configures."""
    assert [name for name, description, _ in sections() if not description.endswith(".")] == []
