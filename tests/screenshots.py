"""`python -m tests.screenshots` takes docs/screenshots again, of the demo feed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

from newswire.servers.process import free_port
from tests.integration.web.chromium import PHONE, chromium
from tests.integration.web.newsroom import ADMIN_TOKEN

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "screenshots"
DESK = {"width": 1280, "height": 860}
LONGEST_SECONDS = 500.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: which page, in which window, after doing what."""

    name: str
    path: str
    act: Callable[[Page], object] = lambda page: None
    viewport: Any = None
    colours: Literal["light", "dark"] = "light"


def _enter(page: Page) -> None:
    page.get_by_label("Admin token").fill(ADMIN_TOKEN)
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("heading", name="Dead letters").wait_for()


def _mapped(page: Page) -> None:
    page.get_by_role("button", name="Pan, zoom and select").click()
    page.locator(".leaflet-marker-icon").first.wait_for()
    page.mouse.move(640, 300)


def _storied(page: Page) -> None:
    page.locator(".hits h2 a").first.click()
    page.locator("#changes").wait_for()
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")


SHOTS = (
    Shot("search", "/", _mapped),
    Shot("search-dark", "/?country=CL", colours="dark"),
    Shot("desk", "/desk"),
    Shot("story", "/?q=budget&signal=correction", _storied),
    Shot("phone", "/?q=ferry", viewport=PHONE),
    Shot("operations", "/operations", _enter),
)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The page's address, once the demo has played a while; a damaged delivery is with it."""
    port = free_port()
    (folder / "my.toml").write_text(f'data_dir = "{folder / "var"}"\n[web]\nport = {port}\n')
    if (built := ROOT / "var" / "gazetteer").exists():
        shutil.copytree(built, folder / "var" / "gazetteer")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("NEWSWIRE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "newswire", "-c", str(folder / "my.toml"), "run"],
        cwd=ROOT,
        env={**environ, "NEWSWIRE_WEB__ADMIN_TOKEN": ADMIN_TOKEN},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _until_it_has_grown(address)
        (folder / "var/demo/wire/damaged.nitf.xml").write_bytes(b"<nitf><head><title>Broken")
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(90)


def _until_it_has_grown(address: str) -> None:
    """Wait for the correction of the demo's event, which four minutes of stories come before."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        try:
            asked = f"{address}/api/search?q=ferry&signal=correction&size=1"
            with urllib.request.urlopen(asked, timeout=10) as answer:
                if json.load(answer)["total"]:
                    return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError("the demo did not play")


def main() -> None:
    """Take them all."""
    with (
        tempfile.TemporaryDirectory(prefix="newswire-") as folder,
        running(Path(folder)) as address,
        chromium() as browser,
    ):
        for shot in SHOTS:
            context = browser.new_context(
                base_url=address,
                viewport=shot.viewport or DESK,
                color_scheme=shot.colours,
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.goto(shot.path)
            shot.act(page)
            page.screenshot(path=FOLDER / f"{shot.name}.png")
            context.close()


if __name__ == "__main__":
    main()
