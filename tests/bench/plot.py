"""A line through points, as an SVG that needs no library to be made or shown."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 640, 300, 50


def line_plot(points: Sequence[tuple[float, float]], x_name: str, y_name: str) -> str:
    """The points joined, both axes from 0."""
    right = max(x for x, _ in points) or 1.0
    top = 1.1 * max(y for _, y in points) or 1.0

    def at(x: float, y: float) -> str:
        across = MARGIN + x / right * (WIDTH - 2 * MARGIN)
        return f"{across:.1f},{HEIGHT - MARGIN - y / top * (HEIGHT - 2 * MARGIN):.1f}"

    def text(x: float, y: float, words: str, anchor: str) -> str:
        return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{words}</text>'

    low = HEIGHT - MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            f'<path d="M{MARGIN},{MARGIN} V{low} H{WIDTH - MARGIN}" fill="none" stroke="gray"/>',
            f'<polyline points="{" ".join(at(x, y) for x, y in points)}" fill="none" '
            'stroke="steelblue" stroke-width="2"/>',
            text(MARGIN - 6, low, "0", "end"),
            text(MARGIN - 6, MARGIN + 4, f"{top:,.0f}", "end"),
            text(MARGIN, MARGIN - 12, y_name, "middle"),
            text(WIDTH - MARGIN, low + 18, f"{right:,.0f}", "middle"),
            text(WIDTH / 2, low + 34, x_name, "middle"),
            "</svg>\n",
        ]
    )
