"""What a wire prints for editors: "(STORY CAN END HERE. OPTIONAL MATERIAL FOLLOWS)", "Eds: …".

It is in the text and no part of the story, so nothing in it is a name.
"""

from __future__ import annotations

import re

from pipeline.enrich.lexicon import cues

_BRACKETS = re.compile(r"[(\[]([^()\[\]a-z\n]{3,200})[)\]]")
_LINE = re.compile(
    r"^[ \t*-]*(?:(?:eds|editors|editors?['’]s? note|note to editors|attn|attention editors)\b:"
    r"[^\n]*|(?-i:(?:EDITORS|EDS|NOTE TO EDITORS|ATTENTION EDITORS|STORY CAN END|OPTIONAL"
    r"|(?:BEGIN|END) OPTIONAL|MORE TO (?:COME|FOLLOW))\b[^a-z\n]*))$",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"[A-Z]+")


def without_notices(text: str) -> str:
    """Returns a text with blanks in place of the notices in it, every offset unchanged."""
    if not ("(" in text or "[" in text or _LINE.search(text)):
        return text
    text = _LINE.sub(_blank, text)
    return _BRACKETS.sub(lambda m: _blank(m) if _is_notice(m[1]) else m[0], text)


def _is_notice(words: str) -> bool:
    return any(word.lower() in cues().notices for word in _WORD.findall(words))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
