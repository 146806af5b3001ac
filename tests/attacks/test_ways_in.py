"""A hostile delivery by every way in: a dead letter with its bytes, and its neighbours come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from kafka import KafkaProducer

from config.feeds import Feed
from connectors.cursor import Cursor
from connectors.feed.archive import Archive
from connectors.feed.archive import read as archived
from connectors.feed.reading import read
from connectors.sources import Delivery, Polled, Source
from connectors.sources.directory import Directory, DirectoryOptions
from connectors.sources.http import Http, HttpOptions
from connectors.sources.imap import Imap, ImapOptions
from connectors.sources.kafka import Kafka, KafkaOptions
from connectors.sources.rss import Rss, RssOptions
from connectors.sources.webhook import Webhook, WebhookOptions
from tests.attacks.payloads import PAYLOADS
from tests.connectors.sources import servers
from tests.connectors.sources.polls import take
from tests.integration import topics
from tests.servers import Engine


@dataclass(frozen=True)
class Place:
    """What a way in is tried with."""

    folder: Path
    cursor: Cursor
    web: servers.Web
    embedded: Engine


Way = Callable[[Place, Sequence[bytes]], list[Polled]]


def by_folder(place: Place, deliveries: Sequence[bytes]) -> list[Polled]:
    drop = place.folder / "drop"
    drop.mkdir()
    for number, raw in enumerate(deliveries):
        (drop / f"{number}.xml").write_bytes(raw)
    return take(Directory(DirectoryOptions(path=drop, settle_seconds=0)), place.cursor)


def by_feed(place: Place, deliveries: Sequence[bytes]) -> list[Polled]:
    return polled(Rss(RssOptions(url=f"{place.web.url}/page")), place, deliveries)


def by_interface(place: Place, deliveries: Sequence[bytes]) -> list[Polled]:
    options = HttpOptions(url=f"{place.web.url}/page", requests_per_second=1000)
    return polled(Http(options), place, deliveries)


def polled(source: Source, place: Place, deliveries: Sequence[bytes]) -> list[Polled]:
    """What a source gives of a page that changes from delivery to delivery."""
    found: list[Polled] = []
    for raw in deliveries:
        place.web.put("/page", raw)
        found += take(source, place.cursor)
    source.close()
    return found


def by_webhook(place: Place, deliveries: Sequence[bytes]) -> list[Polled]:
    source = Webhook(WebhookOptions(port=0, token="let me in, I am the sender"))  # type: ignore[arg-type]
    found = take(source, place.cursor)
    headers = {"authorization": "Bearer let me in, I am the sender"}
    with ThreadPoolExecutor() as pool:
        for raw in deliveries:
            sent = pool.submit(httpx.post, str(source.url), content=raw, headers=headers)
            while not sent.done():
                found += take(source, place.cursor)
            assert sent.result().status_code == httpx.codes.ACCEPTED
    source.close()
    return found


def by_mail(place: Place, deliveries: Sequence[bytes]) -> list[Polled]:
    with servers.imap() as box:
        box.messages = dict(enumerate(deliveries, 1))
        source = Imap(
            ImapOptions(
                host="127.0.0.1",
                port=box.port,
                security="none",
                username=servers.USER,
                password=servers.PASSWORD,  # type: ignore[arg-type]
            )
        )
        return take(source, place.cursor)


def by_topic(place: Place, deliveries: Sequence[bytes]) -> list[Polled]:
    topic = f"other-{uuid4().hex[:8]}"
    topics.create(place.embedded.brokers, topic, partitions=1)
    producer = KafkaProducer(bootstrap_servers=place.embedded.brokers)
    for raw in deliveries:
        producer.send(topic, raw).get(30)
    producer.close()
    source = Kafka(KafkaOptions(brokers=(place.embedded.brokers,), topic=topic))
    found: list[Polled] = []
    while len([item for item in found if isinstance(item, Delivery)]) < len(deliveries):
        found += take(source, place.cursor)
    source.close()
    return found


def by_archive(place: Place, deliveries: Sequence[bytes]) -> list[Polled]:
    kept = str(place.folder / "archive")
    archive = Archive(kept, place.folder / "spool", "wire")
    archive.append([Delivery(raw, f"{number}.xml") for number, raw in enumerate(deliveries)])
    archive.close()
    return [each.delivery() for each in archived(kept, place.folder / "spool", "wire")]


NITF = """<nitf><head><docdata><doc-id id-string="{0}"/></docdata></head><body><body.head><hedline>
<hl1>Ferry sails</hl1></hedline></body.head><body.content><p>It sailed.</p></body.content></body>
</nitf>"""
RSS = """<rss version="2.0"><channel><item><guid>{0}</guid><title>Ferry sails</title></item>
</channel></rss>"""
MAIL = "From: desk@agency.example\nMessage-ID: <{0}@agency.example>\nSubject: Ferry\n\nIt sailed.\n"
NINJS = '{{"uri": "urn:x:{0}", "headline": "Ferry sails"}}'

WAYS: Mapping[str, tuple[Way, str, str, str]] = {
    "folder": (by_folder, "nitf", NITF, "a billion laughs"),
    "feed": (by_feed, "rss", RSS, "quadratic entities"),
    "interface": (by_interface, "ninjs", NINJS, "JSON nested deeply"),
    "webhook": (by_webhook, "nitf", NITF, "XML nested deeply"),
    "mailbox": (by_mail, "mail", MAIL, "mail nested deeply"),
    "topic": (by_topic, "nitf", NITF, "gzip of gzip of zeros"),
    "archive": (by_archive, "nitf", NITF, "an entity from a file"),
}
"""Each with the format that a feed there has, a good delivery of it, and a hostile one."""


@pytest.mark.parametrize("name", WAYS)
def test_a_hostile_delivery_harms_none(
    name: str, tmp_path: Path, cursor: Cursor, web: servers.Web, embedded: Engine
) -> None:
    """It becomes a dead letter with its bytes and its place; those before and after it come."""
    way, format_name, good, attack = WAYS[name]
    hostile = PAYLOADS[attack]
    feed = Feed(name="wire", source="directory", format=format_name)
    sent = [good.format(1).encode(), hostile, good.format(2).encode()]
    came = way(Place(tmp_path, cursor, web, embedded), sent)
    deliveries = [item for item in came if isinstance(item, Delivery)]
    before, refused, after = (read(feed, delivery) for delivery in deliveries)
    assert [len(reading.stories) for reading in (before, refused, after)] == [1, 0, 1]
    (letter,) = refused.letters
    assert letter.raw == hostile
    assert letter.where
    assert letter.name
    assert letter.error == "ParseError"
