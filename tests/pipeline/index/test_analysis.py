"""`newswire setup` asks the server for analyzers, uses the best, and says what is missing."""

from types import SimpleNamespace
from typing import Any

import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError

from config.settings import Elasticsearch
from pipeline.index.analysis import available, languages, summary
from pipeline.wire.errors import SetupError


def server(*known: str, refuses: int = 400) -> Any:
    """A client of a server that has some analyzers."""

    def analyze(analyzer: str, text: str) -> None:
        if analyzer not in known:
            node = NodeConfig("http", "127.0.0.1", 9200)
            meta = ApiResponseMeta(refuses, "1.1", HttpHeaders(), 0.0, node)
            raise ApiError("failed to find analyzer", meta, {})

    return SimpleNamespace(indices=SimpleNamespace(analyze=analyze))


def test_the_best_analyzer_of_each_language_is_used() -> None:
    """A plugin's comes before the plain one, and the sentence names what is missing."""
    found = available(server("kuromoji", "cjk", "polish"), Elasticsearch())
    assert found == {"ja": "kuromoji", "zh": "cjk", "ko": "cjk", "pl": "polish"}
    said = summary(found, Elasticsearch())
    assert "ja (kuromoji)" in said
    missing = said.rpartition("no analyzer for ")[2]
    assert "zh (smartcn)" in missing
    assert "th (thai)" in missing
    assert "ja" not in missing


def test_credentials_that_may_not_ask_end_nothing() -> None:
    """Search works without the server's analyzers."""
    assert available(server(refuses=403), Elasticsearch()) == {}
    named = Elasticsearch(analyzers={"ja": "kuromoji"})
    assert available(server(refuses=403), named) == {"ja": "kuromoji"}


def test_a_named_analyzer_that_is_missing_ends_the_setup() -> None:
    """The sentence says which one, for which language."""
    with pytest.raises(SetupError, match=r"no analyzer 'nori'.*'ko'"):
        available(server("cjk"), Elasticsearch(analyzers={"ko": "nori"}))


def test_what_is_not_asked_for_is_not_said_to_be_missing() -> None:
    """With analyzers that the settings name nobody knows what else the server has."""
    settings = Elasticsearch(analyzers={"en": "english"})
    said = summary(available(server("english", "polish"), settings), settings)
    assert "the server's for en (english)" in said
    assert "no analyzer" not in said


def test_a_server_that_fails_is_not_taken_for_one_without_analyzers() -> None:
    """The error goes on, so that the setup waits or ends."""
    with pytest.raises(ApiError):
        available(server(refuses=503), Elasticsearch())


def test_texts_go_to_the_analyzers_that_are_named() -> None:
    """With "auto" to every one that a server may have."""
    assert languages(Elasticsearch(analyzers={"sw": "swahili"})) == ("sw",)
    assert {"ja", "zh", "ko"} <= set(languages(Elasticsearch()))
