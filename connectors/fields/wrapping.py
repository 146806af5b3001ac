"""Plain text with hard line ends to paragraphs, as teletype wires wrote them.

A blank line separates paragraphs, and so does a line that is indented more than the rest. Wrapped
prose is joined again; short lines (results, standings, addresses) stay lines.
"""

from __future__ import annotations

from connectors.fields.charset import sanitise

_INDENT = 2  # columns more than its neighbours start a paragraph
_WRAPPED = 45  # characters: what is wrapped has no shorter lines than this but its last
_LONG = 120  # characters: longer lines are not wrapped, so that each is a paragraph


def paragraphs(text: str) -> str:
    """Returns the text's paragraphs, separated by one empty line."""
    lines = [line.expandtabs().rstrip() for line in sanitise(text).split("\n")]
    blocks: list[list[str]] = [[]]
    indents = [_indent(line) for line in lines[1:] if line]
    left = min(indents, default=0)
    for line in lines:
        if not line or _indent(line) >= left + _INDENT:
            blocks.append([])
        if line:
            blocks[-1].append(line)
    return "\n\n".join(_joined(block) for block in blocks if block)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(block: list[str]) -> str:
    if max(map(len, block)) > _LONG:
        return "\n\n".join(" ".join(line.split()) for line in block)
    if all(len(line) >= _WRAPPED for line in block[:-1]):
        return " ".join(" ".join(line.split()) for line in block)
    return "\n".join(line.strip() for line in block)
