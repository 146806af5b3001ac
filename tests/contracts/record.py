"""Writes the golden records that are missing: python -m tests.contracts.record [--all].

With --all every record is written again: for a change of the record's fields, and nothing else.
Read the difference before you commit it.
"""

from __future__ import annotations

import json
import sys

from connectors.formats import FORMATS
from tests.contracts.golden import fixtures, golden_path, recorded

for name in FORMATS:
    for path in fixtures(name):
        golden = golden_path(path)
        if not golden.exists() or "--all" in sys.argv[1:]:
            text = json.dumps(recorded(name, path), ensure_ascii=False, indent=2)
            golden.write_text(text + "\n", encoding="utf-8")
            sys.stdout.write(f"{golden}\n")
