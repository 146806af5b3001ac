"""The search box's syntax."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.syntax import MAX_TERMS, All, Any, Node, Not, Term, parse, render, terms


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("   ", None),
        ("flood", Term("flood")),
        ("flood rhine", All((Term("flood"), Term("rhine")))),
        ('"state of emergency"', Term("state of emergency", phrase=True)),
        ("“state of emergency”", Term("state of emergency", phrase=True)),
        ("goal -football", All((Term("goal"), Not(Term("football"))))),
        ("goal NOT football", All((Term("goal"), Not(Term("football"))))),
        ("goal -(cup OR league)", All((Term("goal"), Not(Any((Term("cup"), Term("league"))))))),
        ("a b OR c", All((Term("a"), Any((Term("b"), Term("c")))))),
        ("(a b) OR c", Any((All((Term("a"), Term("b"))), Term("c")))),
        ("a|b", Term("a|b")),
        ("a | b", Any((Term("a"), Term("b")))),
        ("a AND b", All((Term("a"), Term("b")))),
        ("elect*", Term("elect", prefix=True)),
        ("person:merkel", Term("merkel", "person")),
        ("person: merkel", Term("merkel", "person")),
        ('PERSON:"Angela Merkel"', Term("Angela Merkel", "person", phrase=True)),
        ("org:(nato OR un)", Any((Term("nato", "organisation"), Term("un", "organisation")))),
        ("-source:AP", Not(Term("AP", "source"))),
        ("Franco-German", Term("Franco-German")),
        ("U.S.", Term("U.S.")),
    ],
)
def test_a_query_means_what_the_documentation_says(text: str, meant: Node | None) -> None:
    """Each form of the documented syntax is read as documented."""
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('"half a phrase', Term("half a phrase", phrase=True)),
        ("(a", Term("a")),
        ("a)", Term("a")),
        ("OR a", Term("a")),
        ("a OR", Term("a")),
        ("a OR OR b", Any((Term("a"), Term("b")))),
        ("- a", Term("a")),
        ("--a", Not(Term("a"))),
        ("person:", None),
        ("*", None),
        ("() (( ))", None),
        ("Ukraine: what next", All((Term("Ukraine"), Term("what"), Term("next")))),
        ("http://example.org/x", Term("http://example.org/x")),
        ("a\x00b", All((Term("a"), Term("b")))),
        ("a\ud800b", Term("ab")),
    ],
)
def test_a_malformed_query_is_read_as_text(text: str, meant: Node | None) -> None:
    """What can't be meant is dropped or read as words."""
    assert parse(text) == meant


def test_brackets_may_be_nested_without_end() -> None:
    """A thousand brackets neither raise nor hide what they hold."""
    assert parse("(" * 1000 + "a" + ")" * 1000) == Term("a")


def test_a_long_query_is_cut() -> None:
    """The first terms count, and the rest is ignored."""
    node = parse(" ".join(f"w{n}" for n in range(1000)))
    assert isinstance(node, All)
    assert len(node.nodes) == MAX_TERMS


@given(st.text(alphabet=st.one_of(st.sampled_from('()"-:|*ORANDT '), st.characters())))
def test_no_text_fails(text: str) -> None:
    """Every text is a query, and its terms can be sent as UTF-8."""
    stack = [parse(text)]
    while stack:
        node = stack.pop()
        if isinstance(node, Term):
            assert node.text.encode()
        elif isinstance(node, Not):
            stack.append(node.node)
        elif node is not None:
            stack.extend(node.nodes)


@given(st.text(alphabet='ab1 "()-+|:*ORAND.é', max_size=40))
def test_a_tree_is_rendered_as_the_query_that_it_is(text: str) -> None:
    """What is rendered is read as the same tree."""
    tree = parse(text)
    if tree is not None:
        assert parse(render(tree)) == parse(render(parse(render(tree))))
        assert [t.text for t in terms(parse(render(tree)))] == [t.text for t in terms(tree)]


@pytest.mark.parametrize(
    "query",
    ["flood rhine", '"state of emergency" -football', "(a b) OR c", "elect*", "person:merkel",
     'place:"Gulf of Finland" urgency:1-3', "-(a OR b)", 'a "OR" b'],
)  # fmt: skip
def test_a_rendered_query_looks_as_typed(query: str) -> None:
    """People see what they typed."""
    assert render(parse(query)) == query
