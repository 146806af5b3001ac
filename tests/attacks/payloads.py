"""Deliveries that no agency sends."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping

MEGABYTE = 1024 * 1024


def _entities(levels: int = 9) -> str:
    """Entities of ten times the one before: a billion of the first (CVE-2003-1564)."""
    grown = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels + 1))
    return f'<!ENTITY e0 "lol">{grown}'


def _nitf(body: str, doctype: str = "") -> bytes:
    head = '<head><docdata><doc-id id-string="x"/></docdata></head>'
    return (
        f'<?xml version="1.0"?>{doctype}<nitf>{head}<body><body.head><hedline><hl1>Ferry sails'
        f"</hl1></hedline></body.head><body.content>{body}</body.content></body></nitf>"
    ).encode()


def _zip(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return made.getvalue()


def _tar(name: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as packed:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(entry)
    return made.getvalue()


_ZEROS = bytes(8 * MEGABYTE)

PAYLOADS: Mapping[str, bytes] = {
    "a billion laughs": _nitf("<p>&e9;</p>", f"<!DOCTYPE nitf [{_entities()}]>"),
    "a billion laughs in an attribute": _nitf(
        '<p class="&e9;">x</p>', f"<!DOCTYPE nitf [{_entities()}]>"
    ),
    "quadratic entities": _nitf(
        f"<p>{'&a;' * 20_000}</p>", f"<!DOCTYPE nitf [<!ENTITY a '{'a' * 20_000}'>]>"
    ),
    "an entity from a file": _nitf(
        "<p>&e;</p>", '<!DOCTYPE nitf [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    ),
    "an entity from the network": _nitf(
        "<p>&e;</p>", '<!DOCTYPE nitf [<!ENTITY e SYSTEM "http://127.0.0.1:9/">]>'
    ),
    "a DTD from a file": _nitf("<p>x</p>", '<!DOCTYPE nitf SYSTEM "file:///etc/passwd">'),
    "a DTD that takes files in": _nitf(
        "<p>x</p>", '<!DOCTYPE nitf [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]>'
    ),
    "an inclusion": _nitf(
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"'
        ' parse="text"/>'
    ),
    "XML nested deeply": b"<nitf>" * 100_000,
    "XML of many elements": b"<nitf>" + b"<p/>" * 400_000 + b"</nitf>",
    "XML of many attributes": (
        "<nitf " + " ".join(f'a{n}="x"' for n in range(50_000)) + "/>"
    ).encode(),
    "XML of one long name": b"<" + b"n" * MEGABYTE + b"/>",
    "XML in UTF-7": b'<?xml version="1.0" encoding="utf-7"?>+ADw-nitf/+AD4-',
    "HTML nested deeply": _nitf("<p>" + "<em>" * 3_000 + "x" + "</em>" * 3_000 + "</p>"),
    "JSON nested deeply": b'{"uri":' * 100_000,
    "JSON of many keys": (
        '{"uri":"a:1",' + ",".join(f'"k{n}":1' for n in range(200_000)) + "}"
    ).encode(),
    "JSON of one key often": b'{"uri":"a:1",' + b",".join([b'"headline":"x"'] * 100_000) + b"}",
    "a JSON number without end": b'{"uri":"a:1","version":' + b"9" * MEGABYTE + b"}",
    "a JSON exponent without end": b'{"uri":"a:1","urgency":1e999999999}',
    "HTML in JSON": b'{"uri":"a:1","headline":"x","body_html":"' + b"<div>" * 100_000 + b'"}',
    "a word of a megabyte": b"BC-EU--Story,100\n" + b"a" * MEGABYTE,
    "lines without end": b"\n" * MEGABYTE,
    "blanks without end": b"BC-EU--Story,100\n" + b" " * MEGABYTE + b"x",
    "dashes without end": b"SEOUL (AP) " + b"-" * MEGABYTE,
    "brackets without end": b"PARIS (" + b"(" * MEGABYTE,
    "starts of messages": b"\x01" * MEGABYTE,
    "ends of messages": b"\x16\x16\x01" + b"\x03" * MEGABYTE,
    "mail nested deeply": (
        b"From: a\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 5_000
    ),
    "mail of headers alone": b"From: a\n" + b"X-A: b\n" * 60_000,
    "a header without end": b"Subject: " + b"=?utf-8?q?a?= " * 60_000 + b"\n\nx",
    "an attachment that is a bomb": (
        b"From: a\nContent-Type: application/gzip\nContent-Transfer-Encoding: base64\n\nH4sIAAAA"
    ),
    "gzip of zeros": gzip.compress(_ZEROS),
    "gzip of gzip of zeros": gzip.compress(gzip.compress(_ZEROS)),
    "bzip2 of zeros": bz2.compress(_ZEROS),
    "xz of zeros": lzma.compress(_ZEROS),
    "zip of zeros": _zip("story.xml", _ZEROS),
    "zip out of its folder": _zip("../../etc/cron.d/x", b"* * * * * root id"),
    "tar of a link": _tar("../../link"),
    "nothing but NUL": bytes(MEGABYTE),
    "bytes of no character": b"\xff\xfe\xfd" * 100_000,
    "bidirectional controls": ("BC-EU--Story,100\n" + "\u202e\u2066" * 100_000).encode(),
}
"""By what it is. Each is at most a few megabytes: what is longer no source takes."""
