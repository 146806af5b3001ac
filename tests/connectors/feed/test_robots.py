"""robots.txt: which pages may be fetched, and how often."""

from __future__ import annotations

import pytest

from connectors.feed import robots

FILE = """
# comment
User-agent: other
Disallow: /

User-agent: *
Disallow: /private
Allow: /private/press
Disallow: /*.pdf$
Disallow: /search?*q=
Disallow: /caf%C3%A9
Crawl-delay: 5

Sitemap: https://wire.example/sitemap.xml
User-Agent: Newswire
User-agent: second
Disallow: /only-newswire
Disallow:
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("", True),
        ("/news/1", True),
        ("/private", False),
        ("/private/x", False),
        ("/private/press/1", True),
        ("/a/b.pdf", False),
        ("/a/b.pdf?x=1", True),
        ("/search?page=1&q=ferry", False),
        ("/search?page=1", True),
        ("/café", False),
        ("/caf%c3%a9/x", False),
    ],
)
def test_rules_for_everybody(path: str, allowed: bool) -> None:
    """The longest pattern decides; "*" and "$" are understood, and so are escapes."""
    rules = robots.parse(FILE, "someone")
    assert rules.allows(f"https://wire.example{path}") is allowed
    assert rules.delay_seconds == 5.0


def test_rules_for_us() -> None:
    """A group that names this program replaces the one for everybody."""
    rules = robots.parse(FILE, "newswire")
    assert not rules.allows("https://wire.example/only-newswire")
    assert rules.allows("https://wire.example/private")
    assert rules.delay_seconds == 0.0


@pytest.mark.parametrize("text", ["", "\x00\xff", "<html>not found</html>", "Disallow: /", ":::"])
def test_a_file_without_rules_permits_all(text: str) -> None:
    """What is no robots.txt permits everything, and a rule before any agent is no rule."""
    assert robots.parse(text, "newswire").allows("https://wire.example/x")


@pytest.mark.parametrize(("sent", "seconds"), [("0.5", 0.5), ("-1", 0), ("x", 0), ("1e9", 60)])
def test_crawl_delay(sent: str, seconds: float) -> None:
    """A delay in seconds, at most a minute; nonsense counts as none."""
    rules = robots.parse(f"User-agent: *\nCrawl-delay: {sent}", "newswire")
    assert rules.delay_seconds == seconds


def test_many_stars_take_no_time() -> None:
    """A pattern that would make a regular expression backtrack is matched at once."""
    rules = robots.parse("User-agent: *\nDisallow: /" + "*a" * 500 + "b$", "newswire")
    assert rules.allows("https://wire.example/" + "a" * 5000)
