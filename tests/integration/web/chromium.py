"""The application served for a real Chromium, and the browser itself."""

import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.integration.web.newsroom import Newsroom

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WAIT_MILLISECONDS = 30_000
expect.set_options(timeout=WAIT_MILLISECONDS)
PHONE = {"width": 390, "height": 800}

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@contextmanager
def served_at(room: Newsroom, port: int = 0) -> Iterator[str]:
    """The address of the running application."""
    with closing(socket.create_server(("127.0.0.1", port))) as listening:
        config = uvicorn.Config(room.app, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of the system's packages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def window(browser: Browser, address: str, losing: bool = False, **context: Any) -> Iterator[Page]:
    """A window of its own; what the browser complains of fails the test.

    Args:
        losing: connections are lost in this test, which the browser complains of too.
    """
    complaints: list[str] = []
    made = browser.new_context(base_url=address, **context)
    made.set_default_timeout(WAIT_MILLISECONDS)
    page = made.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    yield page
    made.close()
    # That a page is not there, or wants a token, is told as an error too.
    expected = re.compile(
        "404|410|401|^(verbose|debug|info|log): " + ("|ERR_|net::" if losing else "")
    )
    assert not [text for text in complaints if not expected.search(text)]
