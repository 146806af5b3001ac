"""Tables, lists and fixtures: lines whose words are names and figures and no sentence."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.enrich.lexicon import cues

_WORD = re.compile(r"[^\W\d_][\w'’.]*")
_FIGURE = re.compile(r"(?<![^\s(\[/-])[\d.,:/–*+-]*\d[\w.,:/%*-]*")
SHARE = 0.5
"""Of the words of a row of a table are figures or capitalised."""


@lru_cache(maxsize=1 << 12)
def is_table_line(line: str) -> bool:
    """Returns whether a line is a row of a table, a result, a fixture or an item of a list."""
    words = _WORD.findall(line)
    figures = len(_FIGURE.findall(line))
    if not words:
        return False
    low = [w for w in words if w[0].islower() and w not in cues().scored]
    if any(w in cues().sentence for w in low):
        return False
    capitals = sum(w[0].isupper() for w in words)
    if figures == 0:
        return len(line) < 60 and not low and not line.rstrip().endswith((".", "!", "?", '"', "”"))
    return len(low) <= SHARE * (capitals + figures) and figures >= 0.15 * len(words)


_SCORE = re.compile(r"(?<![\d-])\d{1,3}-\d{1,3}(?![\d-])")
_LOWER = re.compile(r"\b[a-z]{3,}\b")
_SPORTS = re.compile(
    rf"\W*(?:{'|'.join(sorted(word.replace('_', ' ') for word in cues().sports))})\b"
    r"[^.\n]{0,30}?(?:[-–—:]|\b(?:results|standings|scores|summar\w+|scoreboard)\b)",
    re.IGNORECASE,
)
"""How a wire's headline says that it is about sport: "SOCCER - ...", "Tennis-..."."""


_TEAM = r"[^\W\d_a-z][\w .'’-]{2,30} \d{1,3}"
_RESULT = re.compile(rf"^{_TEAM}(?: \([^)\n]*\))?,? {_TEAM}\b", re.MULTILINE)


def is_sport(text: str) -> bool:
    """Returns whether a story is about sport: its words, scores and tables of results say so."""
    if _SPORTS.match(text):
        return True
    start = text[:4000]
    words = _LOWER.findall(start)
    share = sum(w in cues().sport for w in words) / max(len(words), 40)
    scores = min(len(_SCORE.findall(start)), 10)
    results = len(_RESULT.findall(start))
    return results >= 2 or share + 0.01 * scores >= 0.08
