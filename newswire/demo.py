"""The demo that `newswire run` plays where no feed but the shipped one is declared.

A made-up wire of three agencies comes in for ten minutes: in English as ninjs, in French as NITF,
in Spanish as RSS with full text. It plays on the embedded engine alone. With the first feed of
one's own all that it left is removed: index, history and topics. What people keep stays.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event, Thread
from xml.sax.saxutils import escape

from config.feeds import SHIPPED, Feed
from config.settings import Elasticsearch, Kafka, Settings
from newswire.bulletins import Bulletin, bulletins, companies

PLAY_SECONDS = 600
FIRST = 24
"""Bulletins that are there when it begins, beside the wire's stories at 0 seconds."""
EARLIER = timedelta(hours=20)
"""How far back what is there when it begins reaches."""
WIRE = Path(__file__).parent / "data" / "wire.txt"
NOTICE = "This is a demo: a made-up wire, of invented agencies, people and events."
AGENCIES = {
    "hw": ("Harbour Wire", "en"),
    "am": ("Agence Méridienne", "fr"),
    "nc": ("Noticias Cordillera", "es"),
}
LEFT = ("cursors.sqlite", "alerts.sqlite")
"""What the demo leaves in the data folder, beside its own folder."""

_HEAD = re.compile(
    r"@(?P<at>\d+) (?P<agency>hw|am|nc) (?P<name>\w+) (?P<version>\d+) (?P<urgency>\d) (?P<rest>.+)"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One version of a story, and when it comes: seconds after the demo's beginning."""

    at: float
    agency: str
    name: str
    version: int
    urgency: int
    place: str
    headline: str
    paragraphs: tuple[str, ...]
    signal: str = ""
    """"correction" or "kill"."""
    embargo: int = 0
    """Seconds after the beginning at which an embargo ends."""
    note: str = ""
    by_rss: bool = False
    """Whether it comes in its agency's RSS feed."""

    @property
    def form(self) -> str:
        """Return its format, as the end of its file's name."""
        own = {"hw": "ninjs.json", "am": "nitf.xml", "nc": "rss.xml"}[self.agency]
        return "rss.xml" if self.by_rss else own

    @property
    def file(self) -> str:
        """Return the name of its file."""
        return f"{self.agency}-{self.name}-{self.version}.{self.form}"


def deliveries() -> list[Delivery]:
    """Return the whole wire, in the order in which it comes."""
    found = [_delivery(block) for block in _blocks(WIRE.read_text("utf-8"))]
    rest = bulletins()
    gap = (PLAY_SECONDS - 20) / max(1, len(rest) - FIRST)
    for number, bulletin in enumerate(rest):
        found.append(_from_bulletin(bulletin, max(0.0, (number - FIRST) * gap)))
    for number, bulletin in enumerate(companies()):
        found.append(_from_bulletin(bulletin, number * 55.0, by_rss=True))
    return sorted(found, key=lambda each: (each.at, each.name))


def is_played(base: Settings, declared: Mapping[str, Feed]) -> bool:
    """Return whether the demo plays: only on an engine that holds nothing but the demo."""
    own = [feed for feed in declared.values() if feed.enabled and not is_shipped(feed)]
    configured = base.kafka != Kafka() or base.elasticsearch != Elasticsearch()
    if own or configured or not base.embedded.enabled:
        return False
    if not any(is_shipped(feed) for feed in declared.values()):
        return False
    return folder(base).exists() or not (base.data_dir / "engine").exists()


def is_shipped(feed: Feed) -> bool:
    """Return whether a feed is the demo's, which newswire comes with."""
    return str(feed.options.get("path", "")) == str(SHIPPED.parent / "demo")


def folder(base: Settings) -> Path:
    """Return the folder that the demo's wire comes into."""
    return base.data_dir / "demo"


def prepared(base: Settings) -> Settings:
    """Return the settings with the demo's feeds; its alerts leave no machine."""
    wire = folder(base) / "wire"
    wire.mkdir(parents=True, exist_ok=True)
    feeds = folder(base) / "feeds.toml"
    shared = 'source = "directory"\nformat = "auto"\nagencies = ["*"]\n'
    tables = {"demo": SHIPPED.parent / "demo", "demo-wire": wire}
    feeds.write_text(
        "".join(f"[feeds.{n}]\n{shared}path = {json.dumps(str(p))}\n" for n, p in tables.items()),
        "utf-8",
    )
    return base.model_copy(
        update={
            "connectors": base.connectors.model_copy(update={"feeds_file": feeds}),
            "alerts": base.alerts.model_copy(update={"local_only": True}),
            "web": base.web.model_copy(update={"notice": base.web.notice or NOTICE}),
        }
    )


class Player:
    """Writes the deliveries into the demo's folder at their times, in a thread."""

    def __init__(self, base: Settings, seconds: float = PLAY_SECONDS) -> None:
        self._wire = folder(base) / "wire"
        self._begun = folder(base) / "begun"
        self._seconds = seconds
        self._stop = Event()
        self._thread = Thread(target=self._play, daemon=True)

    def start(self) -> None:
        """Play, from where it was if it was interrupted."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for the thread."""
        self._stop.set()
        self._thread.join()

    def _play(self) -> None:
        if not self._begun.exists():
            self._begun.write_text(datetime.now(UTC).isoformat(), "utf-8")
        begun = datetime.fromisoformat(self._begun.read_text("utf-8"))
        wire = deliveries()
        opening = sum(not delivery.at for delivery in wire)
        for number, delivery in enumerate(wire):
            due = begun + timedelta(seconds=delivery.at * self._seconds / PLAY_SECONDS)
            if self._stop.wait(max(0.0, (due - datetime.now(UTC)).total_seconds())):
                return
            path = self._wire / delivery.file
            if not path.exists():
                early = EARLIER * max(0.0, 1 - number / opening)
                fresh = path.with_name(f".{path.name}")
                fresh.write_text(written(delivery, begun, due - early), "utf-8")
                fresh.replace(path)


def written(delivery: Delivery, begun: datetime, now: datetime) -> str:
    """Return a delivery as its agency sends it."""
    form = {"ninjs.json": _ninjs, "nitf.xml": _nitf, "rss.xml": _rss}[delivery.form]
    return form(delivery, begun, now)


def remove(base: Settings) -> bool:
    """Remove all that the demo left, on the running engine; return whether there was any."""
    if not folder(base).exists():
        return False
    from kafka import KafkaAdminClient

    from pipeline.index.client import connect_sync
    from pipeline.index.deadletters import deadletters_index
    from pipeline.index.events import events_index
    from pipeline.index.history import history_index
    from pipeline.index.setup import read_alias
    from pipeline.kafka.options import client_options

    name = base.elasticsearch.index
    with connect_sync(base.elasticsearch) as client:
        stories = list(client.indices.get_alias(name=read_alias(name)))
        beside = [each(name) for each in (history_index, deadletters_index, events_index)]
        for index in (*(one for one in stories if one.startswith(name)), *beside):
            client.options(ignore_status=404).indices.delete(index=index)
    admin = KafkaAdminClient(**client_options(base.kafka))
    try:
        topics = [t for t in admin.list_topics() if t.startswith(f"{base.topics.prefix}.")]
        admin.delete_topics(topics)
        deadline = time.monotonic() + 20
        while set(topics) & set(admin.list_topics()) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        admin.close()
    for left in LEFT:
        for path in base.data_dir.glob(f"{left}*"):
            path.unlink()
    shutil.rmtree(folder(base))
    return True


def _blocks(text: str) -> list[list[str]]:
    parts = (part.strip().splitlines() for part in re.split(r"\n\s*\n", text))
    return [lines for lines in parts if lines and lines[0].startswith("@")]


def _delivery(lines: list[str]) -> Delivery:
    match = _HEAD.fullmatch(lines[0])
    if match is None:
        raise ValueError(f"{WIRE}: {lines[0]!r}")
    words = match["rest"].split()
    signal = next((word for word in words if word in ("correction", "kill")), "")
    embargo = next((word for word in words if word.startswith("embargo=")), "")
    note = next((line.removeprefix("note: ") for line in lines if line.startswith("note: ")), "")
    return Delivery(
        at=float(match["at"]),
        agency=match["agency"],
        name=match["name"],
        version=int(match["version"]),
        urgency=int(match["urgency"]),
        place=" ".join(word for word in words if word not in (signal, embargo)),
        headline=lines[1],
        paragraphs=_paragraphs([line for line in lines[2:] if not line.startswith("note: ")]),
        signal=signal,
        embargo=int(embargo.partition("=")[2] or 0),
        note=note,
    )


def _paragraphs(lines: list[str]) -> tuple[str, ...]:
    """Return the paragraphs in some lines; the lines of a table are one."""
    text = "\n\n".join(lines).replace("\n\n| ", "\n| ")
    return tuple(re.sub(r"^\| ", "", part, flags=re.M) for part in text.split("\n\n"))


def _from_bulletin(bulletin: Bulletin, at: float, by_rss: bool = False) -> Delivery:
    name = re.sub(r"\W+", "-", bulletin.name.lower())
    return Delivery(
        at, bulletin.agency, name, 1, bulletin.urgency, bulletin.place, bulletin.headline,
        bulletin.paragraphs, by_rss=by_rss,
    )  # fmt: skip


def _ninjs(delivery: Delivery, begun: datetime, now: datetime) -> str:
    agency, language = AGENCIES[delivery.agency]
    killed = delivery.signal == "kill"
    corrected = "CORRECTED: " if delivery.signal == "correction" else ""
    dateline = f"{delivery.place.upper()} ({delivery.agency.upper()}) — "
    item = {
        "uri": f"urn:newswire-demo:{delivery.agency}:{delivery.name}",
        "type": "text",
        "version": str(delivery.version),
        "versionCreated": _iso(now),
        "pubStatus": "canceled" if killed else "usable",
        "urgency": delivery.urgency,
        "language": language,
        "headlines": [{"role": "main", "value": f"{corrected}{delivery.headline}"}],
        "slugline": _slug(delivery),
        "located": delivery.place,
        "infoSources": [{"name": agency, "literal": agency}],
        "copyrightHolder": agency,
        "edNote": delivery.note or None,
    }
    if delivery.embargo:
        item["embargoed"] = _iso(begun + timedelta(seconds=delivery.embargo))
    if not killed:
        text = dateline + "\n\n".join(delivery.paragraphs)
        item["bodies"] = [{"role": "text", "contentType": "text/plain", "value": text}]
    return json.dumps({k: v for k, v in item.items() if v is not None}, ensure_ascii=False)


def _nitf(delivery: Delivery, begun: datetime, now: datetime) -> str:
    agency, language = AGENCIES[delivery.agency]
    paragraphs = "".join(f"<p>{escape(each)}</p>" for each in delivery.paragraphs)
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<nitf version="-//IPTC//DTD NITF 3.4//EN"><head><docdata management-status="usable">
<doc-id regsrc="{escape(agency)}" id-string="demo-{delivery.agency}-{delivery.name}"/>
<urgency ed-urg="{delivery.urgency}"/><date.issue norm="{stamp}"/>
<du-key key="{escape(_slug(delivery))}" version="{delivery.version}"/>
<doc.copyright holder="{escape(agency)}" year="{now:%Y}"/></docdata></head>
<body xml:lang="{language}"><body.head><hedline><hl1>{escape(delivery.headline)}</hl1></hedline>
<distributor>{escape(agency)}</distributor>
<dateline><location>{escape(delivery.place.upper())}</location></dateline></body.head>
<body.content><block>{paragraphs}</block></body.content></body></nitf>
"""


def _rss(delivery: Delivery, begun: datetime, now: datetime) -> str:
    agency, language = AGENCIES[delivery.agency]
    link = f"https://demo.example/{delivery.agency}/{delivery.name}"
    text = "".join(f"<p>{escape(each)}</p>" for each in delivery.paragraphs)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{escape(agency)}</title>
<link>https://demo.example/{delivery.agency}</link><description>{escape(agency)}</description>
<language>{language}</language><dc:publisher>{escape(agency)}</dc:publisher>
<item><title>{escape(delivery.headline)}</title><link>{link}</link>
<guid isPermaLink="false">demo-{delivery.agency}-{delivery.name}</guid>
<pubDate>{format_datetime(now)}</pubDate>
<content:encoded><![CDATA[{text}]]></content:encoded></item></channel></rss>
"""


def _slug(delivery: Delivery) -> str:
    return f"{delivery.place}-{delivery.name}".replace(" ", "-")


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
