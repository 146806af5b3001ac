"""What the demo left is removed with the first feed of one's own, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from newswire import demo
from pipeline.index.history import history_index
from pipeline.index.kept import desk_index
from pipeline.index.setup import read_alias
from pipeline.kafka.reading import open_reader
from pipeline.setup import setup
from pipeline.wire.topics import Topics
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import engine


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    """A newsroom with topics, a story and its history, and a saved search."""
    with engine("embedded", tmp_path) as running, newsroom(running, tmp_path) as made:
        setup(made.settings)
        made.index(enriched("ap:1", "Ferry sails"))
        with served(made) as client:
            client.post("/desk/searches", data={"title": "Mine", "q": "ferry"})
        yield made


def test_the_demo_leaves_nothing_but_what_people_keep(room: Newsroom) -> None:
    """Index, history, topics and cursors go; saved searches stay, and a setup makes all anew."""
    settings = room.settings
    name, topics = settings.elasticsearch.index, Topics(settings.topics.prefix)
    assert not demo.remove(settings)
    demo.folder(settings).mkdir()
    (settings.data_dir / "cursors.sqlite").write_bytes(b"x")
    assert demo.remove(settings)
    with Elasticsearch(list(settings.elasticsearch.url), request_timeout=60) as client:
        assert not client.indices.exists_alias(name=read_alias(name))
        assert not client.indices.exists(index=history_index(name))
        assert client.indices.exists(index=desk_index(name))
    assert not (settings.data_dir / "cursors.sqlite").exists()
    assert not demo.folder(settings).exists()
    setup(settings)
    with open_reader(settings.kafka) as reader:
        assert all(span.stop == 0 for span in reader.spans([topics.enriched]).values())
    with served(room) as client:
        assert client.get("/api/search").json()["total"] == 0
        assert "Mine" in client.get("/desk").text
