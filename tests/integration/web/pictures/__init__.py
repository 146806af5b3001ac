"""Pictures of pages, compared with kept ones: small, in a font that comes with the tests.

What differs from one run to the next is taken out first: figures become noughts, months January,
letters that the font lacks an "n"; bars and lines over time are not drawn. Then a picture of the
window at a fifth of its size may differ from the kept one in few points.

`make pictures` keeps new ones. A picture that fails leaves `differs-NAME.png` in build/desk: what
is kept, what is seen, and in red where they differ.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

KEPT = Path(__file__).parent / "kept"
BUILT = Path(__file__).parents[4] / "build" / "desk"
FONTS = {
    weight: Path(__file__).parent / "font" / f"roboto-latin-{weight}-normal.woff2"
    for weight in (400, 700)
}
PART = 0.2
"""Of a page's size, that of its kept picture."""
APART = 40
"""Of 255: how much red, green or blue of a point may differ."""
TOLERATED = 0.002
"""The share of points that may differ more: edges of letters do, from one Chromium to another."""
SCRIPTS = Path(__file__).with_name("pictures.js").read_text("utf-8").strip()


def pin(page: Page) -> None:
    """Show a page in the pinned font, without what differs from one run to the next."""
    fonts = {weight: base64.b64encode(path.read_bytes()).decode() for weight, path in FONTS.items()}
    page.evaluate(f"fonts => {SCRIPTS}.pin(fonts)", fonts)


class Pictures:
    """The kept pictures.

    Args:
        page: an empty one, which does the work.
        renew: keep what is seen, instead of comparing.
        asked: whether every page is to be compared: `make desk` asks.
    """

    def __init__(self, page: Page, renew: bool, asked: bool) -> None:
        self._page, self._renew, self.asked = page, renew, asked

    def faults(self, name: str, png: bytes) -> list[str]:
        """Return what is wrong with a page's picture: nothing if it looks as it was kept."""
        path = KEPT / f"{name}.webp"
        seen = self._run("smaller", {"picture": _address(png, "png"), "part": PART})
        if self._renew:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(_content(seen))
            return []
        if not path.exists():
            return [f"there is no picture {path.name}: make pictures"]
        kept = _address(path.read_bytes(), "webp")
        found = self._run("compared", {"kept": kept, "seen": seen, "apart": APART})
        if found["share"] <= TOLERATED:
            return []
        sheet = BUILT / f"differs-{name}.png"
        sheet.write_bytes(_content(found["sheet"]))
        return [f"{found['share']:.1%} of the picture differs: {sheet.name}"]

    def _run(self, what: str, given: object) -> Any:
        return self._page.evaluate(f"given => {SCRIPTS}.{what}(given)", given)


def _address(picture: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _content(address: str) -> bytes:
    return base64.b64decode(address.partition(",")[2])
