"""Stories in an index of their own, for tests of search."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from elasticsearch import Elasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.analysis import languages
from pipeline.index.document import document
from pipeline.index.setup import first_index, setup_index, write_alias
from pipeline.wire.enriched import Enriched
from pipeline.wire.versions import index_version


@contextmanager
def index_of(
    url: str, name: str, records: Iterable[Enriched], **elasticsearch: Any
) -> Iterator[ElasticsearchSettings]:
    """Settings of a new index that holds the records; it is removed at the end."""
    settings = ElasticsearchSettings(url=(url,), index=name, **elasticsearch)
    setup_index(settings)
    with Elasticsearch(url, request_timeout=60) as client:
        put(client, settings, records)
        yield settings
        client.indices.delete(index=first_index(name))


def put(
    client: Elasticsearch,
    settings: ElasticsearchSettings,
    records: Iterable[Enriched],
    **more: Any,
) -> None:
    """Index records as the worker does, and refresh."""
    lines: list[bytes] = []
    for record in records:
        version = index_version(record.story, record.provenance.revision)
        action = {"_id": record.story.id, "version": version, "version_type": "external"}
        lines += [
            orjson.dumps({"index": action}) + b"\n",
            orjson.dumps({**document(record, languages(settings)), **more}) + b"\n",
        ]
    if lines:
        answer = client.bulk(index=write_alias(settings.index), operations=lines, refresh=True)
        failed = [
            i["index"] for i in answer["items"] if i["index"]["status"] not in (200, 201, 409)
        ]
        assert not failed, failed[0]
