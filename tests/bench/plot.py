"""Lines through points, as an SVG that needs no library to be made or shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.rig import ROOT

WIDTH, HEIGHT, MARGIN = 640, 300, 50
COLOURS = ("steelblue", "darkorange", "seagreen", "firebrick", "rebeccapurple")

Points = Sequence[tuple[float, float]]


def keep(name: str, lines: Mapping[str, Points], x_name: str, y_name: str) -> None:
    """Draw into `docs/`."""
    Path(ROOT / "docs" / name).write_text(line_plot(lines, x_name, y_name), encoding="utf-8")


def line_plot(lines: Mapping[str, Points], x_name: str, y_name: str) -> str:
    """Each line's points joined, both axes from 0, the lines' names beside a dash of its colour."""
    right = max(x for points in lines.values() for x, _ in points) or 1.0
    top = 1.1 * max(y for points in lines.values() for _, y in points) or 1.0

    def at(x: float, y: float) -> str:
        across = MARGIN + x / right * (WIDTH - 2 * MARGIN)
        return f"{across:.1f},{HEIGHT - MARGIN - y / top * (HEIGHT - 2 * MARGIN):.1f}"

    def text(x: float, y: float, words: str, anchor: str, colour: str = "black") -> str:
        return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{words}</text>'

    low = HEIGHT - MARGIN
    drawn = []
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        drawn.append(
            f'<polyline points="{" ".join(at(x, y) for x, y in points)}" fill="none" '
            f'stroke="{colour}" stroke-width="2"/>'
        )
        drawn.append(text(WIDTH - MARGIN - 110 * number, 20, f"— {name}", "end", colour))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            f'<path d="M{MARGIN},{MARGIN} V{low} H{WIDTH - MARGIN}" fill="none" stroke="gray"/>',
            *drawn,
            text(MARGIN - 6, low, "0", "end"),
            text(MARGIN - 6, MARGIN + 4, _number(top), "end"),
            text(MARGIN, MARGIN - 12, y_name, "middle"),
            text(WIDTH - MARGIN, low + 18, _number(right), "middle"),
            text(WIDTH / 2, low + 34, x_name, "middle"),
            "</svg>\n",
        ]
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.3g}"
