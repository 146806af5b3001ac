"""What the reader returns when no story has all the words."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.search.reader import open_reader
from pipeline.search.request import SearchRequest
from pipeline.search.results import Page
from pipeline.search.visible import Viewer
from pipeline.wire.story import Status
from tests.integration.search.corpus import index_of
from tests.integration.search.test_search import corpus
from tests.records import enriched
from tests.servers import Engine


@pytest.fixture(scope="module")
def index(engine: Engine) -> Iterator[ElasticsearchSettings]:
    """The settings of an index with the corpus."""
    held = enriched(
        "x-held", "Quixotic macron", "Quixotic plans at a summit.", status=Status.EMBARGOED
    )
    shown = [record for record in corpus() if record.story.id != "x-embargoed"]
    name = f"recovery-{uuid4().hex[:8]}"
    with index_of(engine.elasticsearch_url, name, [*shown, held]) as settings:
        yield settings


def found(index: ElasticsearchSettings, viewer: Viewer | None = None, **asked: Any) -> list[Page]:
    """The pages of a search."""

    async def pages() -> list[Page]:
        reader = open_reader(index)
        try:
            request, seen = SearchRequest(**asked), reader.seen_by(viewer or Viewer())
            page, following = await seen.search(request)
            result = [page]
            while following:
                page, following = await seen.search(request, following)
                result.append(page)
            return result
        finally:
            await reader.close()

    return asyncio.run(pages())


@pytest.mark.parametrize(
    ("q", "left_out", "ids"),
    [
        ("macron summit zeppelin", ("zeppelin",), {"ap-1", "ap-4"}),
        ("berlin fiji", None, None),  # either may stay
        ("summit emergency sao paulo nothing", None, None),
        ('macron "as never written"', ('"as never written"',), {"ap-1", "ap-4", "afp-1"}),
        ("macron zeppelin -summit", ("zeppelin",), {"afp-1"}),
        ("fiji OR lyon zeppelin", ("zeppelin",), {"afp-1", "ap-2"}),
        ("person:macron zeppelin", ("zeppelin",), {"ap-1", "afp-1"}),
        ("source:AFP berlin", (), set()),  # a filter is never left out, nor the only word
    ],
)
def test_what_no_story_has_is_left_out(
    index: ElasticsearchSettings, q: str, left_out: tuple[str, ...] | None, ids: set[str] | None
) -> None:
    """The rest is searched for, and the page says which words were left out."""
    (page,) = found(index, q=q)
    if left_out is None:
        assert page.left_out
        assert page.hits
    else:
        assert page.left_out == left_out
        assert {hit.id for hit in page.hits} == ids
    assert len(page.said()) == bool(page.left_out) + bool(page.meant)


def test_the_next_page_leaves_out_the_same(index: ElasticsearchSettings) -> None:
    """Following a list shows each of its stories once."""
    pages = found(index, q="macron zeppelin", size=1)
    assert [hit.id for page in pages for hit in page.hits] in (
        [*order] for order in (("ap-1", "ap-4", "afp-1"), ("ap-1", "afp-1", "ap-4"))
    )


@pytest.mark.parametrize(
    ("q", "meant"),
    [
        ("macorn", "macron"),
        ("macorn summit", "macron summit"),
        ("person:legrnad", "person:legrand"),
        ("summit in pariss", "summit in paris"),
        ("ovreschwemmungen", None),
        ("xyzzyq", None),
        ('"state of macorn"', None),
        ("macron", None),
    ],
)
def test_another_spelling_is_suggested(
    index: ElasticsearchSettings, q: str, meant: str | None
) -> None:
    """A word that no story has may be a name or a word of the index, spelt otherwise.

    Its stories are shown, and the page says so.
    """
    page = found(index, q=q)[0]
    assert page.meant == meant
    assert page.is_respelt is bool(meant)
    if meant:
        assert [hit.id for hit in page.hits] == [hit.id for hit in found(index, q=meant)[0].hits]
        assert page.said() == [
            f"No story has the words as typed. These are the stories for “{meant}”."
        ]


def test_another_spelling_that_finds_nothing_is_a_question(
    index: ElasticsearchSettings,
) -> None:
    """With a word that no story has beside it, that word is left out, and the spelling asked."""
    (page,) = found(index, q="macorn berlin")
    assert page.meant == "macron berlin"
    assert page.left_out
    assert page.said()[-1] == "Did you mean “macron berlin”?"
    (page,) = found(index, q="macorn zeppelin")
    assert page.meant == "macron zeppelin"


def test_the_rare_word_stays(index: ElasticsearchSettings) -> None:
    """Of two words that stand together nowhere the frequent one says less of what is wanted."""
    (page,) = found(index, q="macron berlin")
    assert page.left_out == ("macron",)
    assert {hit.id for hit in page.hits} == {"dpa-1"}


def test_nothing_hidden_is_suggested(index: ElasticsearchSettings) -> None:
    """Words that stand only in killed or embargoed stories, or in others' sources, are not told."""
    assert found(index, q="quixotci")[0].meant is None
    assert found(index, q="quixotci macron")[0].left_out == ("quixotci",)
    assert found(index, q="withdrawnn")[0].meant is None
    (page,) = found(index, Viewer(sources=("dpa",)), q="macorn berlin")
    assert page.meant is None
    assert page.left_out == ("macorn",)
    assert {hit.id for hit in page.hits} == {"dpa-1"}
