"""The way in for XML: hostile documents are refused, odd ones are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.formats import FORMATS, Context, xml
from pipeline.wire import codec
from pipeline.wire.errors import ParseError

FORMAT_NAMES = ("nitf", "newsml12", "newsml_g2")
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"plain text", "not well-formed"),
        (b"<a><b></a>", "line 1"),
        (b"<a>\n<b>", "line 2"),
        (b"<a>x\x00y</a>", "NUL"),
        (b"<a>&#xD800;</a>", "not well-formed"),
        (b"<a>&#0;</a>", "not well-formed"),
        (b"<a>&missing;</a>", "missing"),
        (b"<a>" * 100_000, "depth"),
        (b"<a>" + b"<b/>" * xml.MAX_TAGS + b"</a>", "tags"),
        (b"<a>" + b"x" * xml.MAX_BYTES + b"</a>", "larger"),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "not expanded"),
        (f'<!DOCTYPE a [<!ENTITY e0 "x">{ENTITIES}]><a b="&e9;"/>'.encode(), "not well-formed"),
        (f'<!DOCTYPE a [<!ENTITY e0 "x">{ENTITIES}]><a>&e9;</a>'.encode(), ""),
        (b'<!DOCTYPE a [<!ENTITY e SYSTEM "x">]><a b="&e;"/>', "not well-formed"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_refused(raw: bytes, message: str) -> None:
    """Empty, damaged and hostile documents are parse errors that name their place."""
    with pytest.raises(ParseError) as caught:
        xml.parse(raw)
    assert message in str(caught.value)
    assert caught.value.where


def test_external_entities_are_never_read(tmp_path: Path) -> None:
    """A document can't make the parser read a file, as entity or as DTD."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    declared = f'<!DOCTYPE a [<!ENTITY e SYSTEM "{secret.as_uri()}">]><a>&e;</a>'
    with pytest.raises(ParseError) as caught:
        xml.parse(declared.encode())
    assert "secret" not in str(caught.value)
    by_dtd = f'<!DOCTYPE a [<!ENTITY % e SYSTEM "{secret.as_uri()}"> %e;]><a>ok</a>'
    assert xml.parse(by_dtd.encode()).text == "ok"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xc3\xa9</a>', "é"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9 \x93x\x94</a>', "é “x”"),
        (b'\n <?xml version="1.0" encoding="utf-8"?>\n<a>\xef\xbb\xbf\x0bx</a>', "\ufeffx"),
        ('<?xml version="1.0" encoding="utf-16"?><a>é</a>'.encode("utf-16"), "é"),
        (b"<?xml version='1.0' encoding='no-such'?><a>\xe2\x82\xac</a>", "€"),
        (b"<a>one&nbsp;two &eacute;&amp;&lt;</a>", "one\xa0two é&<"),
        (b"<a>x<!-- no -->y<?pi?>z</a>", "xyz"),
    ],
)
def test_odd_documents_are_read(raw: bytes, text: str) -> None:
    """Wrong declarations, stray controls, HTML's entities and comments do no harm."""
    assert xml.parse(raw).text == text


_VOCABULARY = """
    nitf head body docdata body.head body.content hedline hl1 byline dateline location p table tr
    td note media doc-id date.issue NewsML NewsItem NewsComponent Identification NewsIdentifier
    PublicIdentifier NewsItemId RevisionId NewsManagement Status NewsLines HeadLine DateLine Role
    ContentItem DataContent DescriptiveMetadata SubjectCode Subject Property newsMessage itemSet
    newsItem itemMeta contentMeta contentSet inlineXML inlineData remoteContent assert subject
    located broader name position headline pubStatus embargoed versionCreated html link edNote
"""
_ATTRIBUTE_NAMES = """
    id-string norm management-status management-doc-idref management-idref-status FormalName Value
    EquivalentsList HowPresent guid version qcode uri literal type role latitude longitude href
"""
_NAMES = st.sampled_from(_VOCABULARY.split())
_VALUES = st.sampled_from(
    ["", "x", "1", "2N", "canceled", "stat:canceled", "a:b", "20260101T0000Z", "YYYYMMDD", "yes",
     "Body", "Caption", "Main", "urn:newsml:a:20260101:b:1", "9" * 40, "-1", "NaN", "npa",
     "PARIS, Feb 30 (AFP) -", "<p>x</p>"]
)  # fmt: skip
_ATTRIBUTES = st.dictionaries(st.sampled_from(_ATTRIBUTE_NAMES.split()), _VALUES, max_size=2)


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> str:
    """An element of the formats' own vocabulary, put together without regard to any schema."""
    name = draw(_NAMES)
    attributes = "".join(f' {k}="{_escaped(v)}"' for k, v in draw(_ATTRIBUTES).items())
    children = draw(st.lists(elements(depth + 1), max_size=3)) if depth < 4 else []
    return f"<{name}{attributes}>{_escaped(draw(_VALUES))}{''.join(children)}</{name}>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


@pytest.mark.parametrize("name", FORMAT_NAMES)
@settings(max_examples=40, deadline=None)
@given(inner=st.lists(elements(), max_size=3))
def test_any_tree_of_known_elements(name: str, inner: list[str]) -> None:
    """Known elements in any order and nesting parse or are parse errors, nothing else."""
    root = {"nitf": "nitf", "newsml12": "NewsML", "newsml_g2": "newsMessage"}[name]
    raw = f"<{root}>{''.join(inner)}</{root}>".encode()
    try:
        parsed = FORMATS[name](raw, Context(captions=True))
    except ParseError:
        return
    for story in parsed.stories:
        assert story.id
        codec.encode(story)
