"""One index for all stories, or one for each month behind the same alias: look-ups and purges."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

from tests.bench.rig import server_seconds
from tests.bench.running import Sizes, Where

MONTHS = 24
ASKED = 200
"""Ids of one look-up: a batch of the worker."""
ROUNDS = 40


def report(where: Where, sizes: Sizes) -> str:
    """The section on periods."""
    each = max(20, sizes.searched[-1] // MONTHS // 2)
    with Elasticsearch(where.engine.elasticsearch_url, request_timeout=120) as client:
        one, many = "periods-one", [f"periods-{month:02}" for month in range(MONTHS)]
        for name in (one, *many):
            mappings = {"properties": {"body": {"type": "text"}, "month": {"type": "keyword"}}}
            client.indices.create(index=name, mappings=mappings, settings={"number_of_shards": 1})
            client.indices.put_alias(
                index=name, name="periods-one-all" if name == one else "periods-all"
            )
        for month, name in enumerate(many):
            _fill(client, name, month, each)
            _fill(client, one, month, each)
        client.indices.refresh(index="periods-*")
        ids = [_id(n % MONTHS, n * 7919 % each) for n in range(ASKED)]
        by_id = [{"_index": one, "_id": name} for name in ids]
        by_all = [{"_index": index, "_id": name} for name in ids for index in many]

        def ask(docs: list[dict[str, str]]) -> Callable[[], Any]:
            return lambda: client.mget(docs=docs, source=False)

        def search() -> Any:
            query = {"ids": {"values": ids}}
            return client.search(index="periods-all", query=query, size=ASKED, source=False)

        rows = [
            ("ids asked of one index (`_mget`, sees every write)", *_cost(where, ask(by_id))),
            (f"asked of {MONTHS} indices (`_mget`, each id of each)", *_cost(where, ask(by_all))),
            (
                f"searched over {MONTHS} indices (`ids`, sees the last refresh)",
                *_cost(where, search),
            ),
        ]
        deletes = [
            {"_op_type": "delete", "_index": one, "_id": _id(0, n), "version": 2,
             "version_type": "external_gte"}
            for n in range(each)
        ]  # fmt: skip

        def purge() -> None:
            bulk(client, deletes, raise_on_error=False)
            client.indices.refresh(index=one)
            client.indices.forcemerge(index=one, only_expunge_deletes=True)

        purged = _once(where, purge)
        dropped = _once(where, lambda: client.indices.delete(index=many[0]))
        client.indices.delete(index=f"{one},{','.join(many[1:])}")
    table = "\n".join(f"| {what} | {clock:.1f} | {cpu:.1f} |" for what, clock, cpu in rows)
    return f"""## One index or one a month

`python -m tests.bench periods`

{each * MONTHS:,} documents of {MONTHS} months in one index, and in {MONTHS}; {ASKED} ids a look-up.

| a look-up | ms | CPU ms of Elasticsearch |
|---|---|---|
{table}

| a month's {each:,} documents go | CPU ms for 1,000 |
|---|---|
| deleted one by one from one index, merges included | {1e6 * purged / each:.0f} |
| with their index | {1e6 * dropped / each:.1f} |
"""


def _id(month: int, number: int) -> str:
    return f"TW:{month}:{number}"


def _fill(client: Elasticsearch, index: str, month: int, documents: int) -> None:
    body = " ".join(f"word{n * 31 % 997}" for n in range(150))
    bulk(
        client,
        (
            {"_index": index, "_id": _id(month, n), "version": 1, "version_type": "external",
             "_source": {"month": str(month), "body": f"{body} {n}"}}
            for n in range(documents)
        ),
        chunk_size=2000,
    )  # fmt: skip


def _cost(where: Where, do: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds of one round, by the clock and of the index's processor time."""
    for _ in range(3):
        do()
    began, cpu = time.monotonic(), sum(server_seconds(where.engine))
    for _ in range(ROUNDS):
        do()
    spent = sum(server_seconds(where.engine)) - cpu
    return 1e3 * (time.monotonic() - began) / ROUNDS, 1e3 * spent / ROUNDS


def _once(where: Where, do: Callable[[], Any]) -> float:
    """Seconds of the servers' processor time."""
    cpu = sum(server_seconds(where.engine))
    do()
    time.sleep(2)  # merges go on for a moment
    return sum(server_seconds(where.engine)) - cpu
