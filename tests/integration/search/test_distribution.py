"""What a full distribution has and the minimal one lacks: analyzers, and shapes of the earth."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from elasticsearch import BadRequestError
from elasticsearch import Elasticsearch as Client

from config.settings import Elasticsearch as ElasticsearchSettings
from newswire.servers.elasticsearch import Elasticsearch
from pipeline.index.analysis import ANALYZERS
from pipeline.index.setup import first_index, setup_index
from pipeline.index.stems import ALGORITHMS
from pipeline.kibana.land import land_index, polygons, setup_land
from pipeline.search.reader import open_reader
from pipeline.search.request import SearchRequest
from tests.integration.conftest import missing_skips
from tests.integration.search.corpus import index_of
from tests.records import enriched
from tests.servers import Engine
from tests.servers.plugin import ANALYZERS as ANALYZERS_PLUGIN
from tests.servers.plugin import NAMES, SHAPES

pytestmark = [
    pytest.mark.real,
    pytest.mark.parametrize("engine_kind", ["real"], indirect=True, scope="session"),
]

OF_PLUGINS = ("kuromoji", "smartcn", "nori", "polish", "ukrainian")
"""Analyzers that a full distribution lacks as well, until their plugins are installed."""

OWN = {
    "en": ("Elections were held in two counties", "election county"),
    "de": ("Die Häuser am Rhein stehen unter Wasser", "Haus"),
    "fr": ("Les grévistes ont été arrêtés à Lyon", "gréviste arrêté"),
    "es": ("Las elecciones bolivianas", "elección boliviana"),
    "it": ("Le elezioni siciliane", "elezione siciliana"),
    "pt": ("As eleições brasileiras", "eleição brasileira"),
    "nl": ("De verkiezingen in Rotterdam", "verkiezing"),
    "da": ("Valgene i byerne", "valg"),
    "no": ("Brannene i fjellene", "brann"),
    "sv": ("Bränderna i skogarna", "brand"),
    "fi": ("Vaalit pidettiin kaupungeissa", "vaali"),
    "ru": ("Итоги выборов в Казани", "выборы"),
    "ar": ("نتائج الانتخابات", "انتخابات"),
}
"""Languages with word forms of newswire's own: a text, and words in another form."""
OTHERS = {
    "tr": ("Okulların önünde toplandılar", "okul"),
    "cs": ("Předčasné volby v Brně vyhrála opozice, voliči čekali", "volič"),
    "hu": ("A tűzoltók kiürítették a házakat", "ház"),
    "ro": ("Alegerile au fost amânate de judecători", "judecător"),
    "th": ("การเลือกตั้งในกรุงเทพมหานครเลื่อนออกไป", "เลือกตั้ง"),
    "ja": ("東京都知事選挙の結果", "知事"),
}
"""Languages that only the server's analyzers know."""
ALONE = ("th", "ja")
"""Of these newswire's pairs of characters find the word as well."""


@pytest.fixture(scope="module")
def full(engine_kind: str, servers_folder: Path) -> Iterator[str]:
    """The address of Elasticsearch with analyzers and shapes."""
    assert engine_kind == "real"
    with (
        missing_skips(),
        Elasticsearch(
            servers_folder / "distribution", plugins=[ANALYZERS_PLUGIN, SHAPES]
        ) as server,
    ):
        yield server.address


def said(url: str, analyzers: dict[str, str] | str = "auto") -> str:
    """The sentence of `newswire setup` on analyzers."""
    settings = ElasticsearchSettings(
        url=(url,), index=f"setup-{uuid4().hex[:8]}", analyzers=analyzers
    )
    try:
        (sentence,) = (line for line in setup_index(settings) if line.startswith("search: "))
    finally:
        with Client(url) as client:
            client.indices.delete(index=first_index(settings.index), ignore_unavailable=True)
    return sentence


def test_setup_uses_what_the_server_has_and_names_what_it_lacks(engine: Engine, full: str) -> None:
    """In one sentence, on both distributions."""
    bare = said(engine.elasticsearch_url)
    assert "the server's for" not in bare
    assert all(f"{each} ({names[0]})" in bare for each, names in ANALYZERS.items())

    has, _, lacks = said(full).partition("no analyzer for ")
    for language, names in ANALYZERS.items():
        missing = names[0] in OF_PLUGINS
        assert (f"{language} ({names[0]})" in lacks) is missing, language
        used = names[-1] if missing and names[-1] == "cjk" else names[0]
        assert (f"{language} ({used})" in has) is (used not in OF_PLUGINS), language


def found(url: str, texts: dict[str, tuple[str, str]], analyzers: dict[str, str] | str) -> set[str]:
    """The languages whose story is found by words in another form."""

    async def searched(settings: ElasticsearchSettings) -> set[str]:
        reader = open_reader(settings)
        try:
            pages = {
                language: (await reader.search(SearchRequest(q=typed, facets=False)))[0]
                for language, (_, typed) in texts.items()
            }
            return {
                language
                for language, page in pages.items()
                if [hit.id for hit in page.hits] == [language]
                and not page.left_out
                and not page.is_respelt
            }
        finally:
            await reader.close()

    stories = [
        enriched(language, "-", text, language=language) for language, (text, _) in texts.items()
    ]
    with index_of(url, f"forms-{uuid4().hex[:8]}", stories, analyzers=analyzers) as settings:
        return asyncio.run(searched(settings))


def test_newswires_own_forms_need_no_analyzer(engine: Engine, full: str) -> None:
    """Thirteen languages are found by their own rules on both distributions."""
    for url in (engine.elasticsearch_url, full):
        assert found(url, OWN, "auto") == OWN.keys()


def test_an_analyzer_finds_forms_that_newswire_has_no_rules_for(engine: Engine, full: str) -> None:
    """Turkish, Czech, Hungarian, Romanian: where the server has their analyzers, not elsewhere."""
    assert found(full, OTHERS, "auto") == OTHERS.keys()
    assert found(engine.elasticsearch_url, OTHERS, "auto") == set(ALONE)


def test_analyzers_that_the_settings_name_are_used_beside_newswires_forms(full: str) -> None:
    """Lucene's analyzer of each language does no harm there."""
    named = {language: NAMES[language] for language in OWN}
    assert set(ALGORITHMS) >= named.keys()
    assert "en (english)" in said(full, named)
    assert found(full, OWN, named) == OWN.keys()


def test_the_server_takes_the_land_of_kibanas_map(full: str) -> None:
    """Each polygon is parsed, turned, tessellated and found; a ring that crosses itself is not."""
    settings = ElasticsearchSettings(url=(full,), index=f"land-{uuid4().hex[:8]}")
    count = len(polygons())
    assert setup_land(settings)[-1] == f"{count} polygons of land in {land_index(settings.index)}"
    with Client(full, request_timeout=60) as client:

        def on_land(longitude: float, latitude: float) -> int:
            point = {"type": "point", "coordinates": [longitude, latitude]}
            shape = {"shape": {"shape": point, "relation": "intersects"}}
            answer = client.count(index=land_index(settings.index), query={"geo_shape": shape})
            return int(answer["count"])

        inland = {"Paris": (2.3, 48.8), "Kansas": (-98, 38), "Alice Springs": (133.9, -23.7)}
        inland |= {"Chukotka, east of the date line": (-175, 66.5), "South Pole": (0, -89)}
        assert {name: on_land(*point) for name, point in inland.items()} == dict.fromkeys(inland, 1)
        at_sea = {"Atlantic": (-40, 30), "Pacific": (-179.9, 0), "Caspian": (51, 42)}
        assert {name: on_land(*point) for name, point in at_sea.items()} == dict.fromkeys(at_sea, 0)
        bow = {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]}
        with pytest.raises(BadRequestError, match="self-intersection"):
            client.index(index=land_index(settings.index), document={"shape": bow})
        client.indices.delete(index=land_index(settings.index))
