"""What no wire sends is refused before it costs memory or time."""

from __future__ import annotations

import pytest

from connectors.formats import FORMATS, Context
from pipeline.wire.errors import ParseError

MEGABYTE = 1024 * 1024
ANPA_HEAD = b"\x16\x16\x01a0001\x1f_x\r\nr i\x13\x11 BC-X     01-01 0001\r\n\x02^BC-X,1\r\n"
BOUNDS = {
    "100 MB of text": ("auto", b"word " * (20 * MEGABYTE)),
    "a text without end": ("text", b"word and word.\n" * (MEGABYTE // 8)),
    "lines without end": ("text", b"\n" * MEGABYTE),
    "stories without end": ("text", b"BC-EU--Story,100\nHello world.\n" * 6_000),
    "JSON of a million numbers": ("ninjs", b"[" + b",".join([b"1"] * 1_000_000) + b"]"),
    "JSON of many items": ("ninjs", b"[" + b",".join([b'{"uri":"a:1"}'] * 6_000) + b"]"),
    "an item of many subjects": (
        "ninjs",
        b'{"uri":"a:1","headline":"x","subject":[' + b",".join([b'{"code":"1"}'] * 3_000) + b"]}",
    ),
    "JSON nested deeply": ("ap_media", b"[" * 100_000),
    "JSON Lines without end": ("ninjs", b'{"uri":"a:1","headline":"x"}\n' * 6_000),
    "a number that is none": ("ninjs", b'{"uri":"a:1","urgency":NaN}'),
    "a number too large": ("ninjs", b'{"uri":"a:1","urgency":' + b"9" * 400 + b"}"),
    "a lone surrogate": ("ninjs", b'{"uri":"a:1","headline":"\\ud800"}'),
    "JSON that is no UTF-8": ("ninjs", b'{"uri":"a:1","headline":"caf\xe9"}'),
    "a body of many tags": (
        "ninjs",
        b'{"uri":"a:1","headline":"x","body_html":"' + b"<p>" * 50_000 + b'"}',
    ),
    "ANPA messages without end": ("anpa1312", b"\x01" * 10_000),
    "an ANPA message without end": ("anpa1312", ANPA_HEAD + b"\t text\r\n" * 150_000 + b"\x03"),
    "mail nested deeply": (
        "mail",
        b"From: a\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 5_000,
    ),
    "mail of headers alone": ("mail", b"From: a\n" + b"X-A: b\n" * 60_000),
    "entities that grow": (
        "rss",
        b"<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
        b"<rss version='2.0'><channel><item><title>&b;</title></item></channel></rss>",
    ),
    "a feed without end": (
        "rss",
        b"<rss version='2.0'><channel>"
        + b"<item><title>t</title></item>" * 6_000
        + b"</channel></rss>",
    ),
}


@pytest.mark.parametrize(("name", "raw"), BOUNDS.values(), ids=BOUNDS)
def test_hostile_input_is_refused(name: str, raw: bytes) -> None:
    """Input beyond a format's bounds is one clear error, raised before any story is made."""
    with pytest.raises(ParseError) as caught:
        FORMATS[name](raw, Context())
    assert caught.value.where
