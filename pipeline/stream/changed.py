"""Which facts changed from the version that the index holds to the one that replaces it.

The version before is the one that readers had: what the index holds when the new one comes. A late
older version changes nothing in it, and a repeat or another enrichment keeps what was found. A
version that readers could not see (withdrawn, under an embargo) is compared with none. Only the
kinds of facts are stored; what they say is read from the versions when somebody asks, so that it
ends with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.facts.changes import changed
from pipeline.index.document import Document
from pipeline.index.writer import Write, Writer
from pipeline.wire.story import Status
from pipeline.wire.versions import REVISIONS

FINGERPRINT = "withdrawn_fingerprint"
"""Of a withdrawn story: what finds the copies of it that still stand. It holds hashes, no text."""
UNSEEN = "unseen"
"""Of a hidden story: true if readers have seen no version; so none of them is told of its kill."""
COMPARED = (
    FINGERPRINT, UNSEEN, "fingerprint", "changed", "status", "embargoed_until", "language",
    "headline", "body",
    "entities.id", "entities.label", "entities.text", "entities.name",
    "places.geonames_id", "places.name", "places.admin1", "places.country",
)  # fmt: skip


async def with_changes(writer: Writer, writes: Sequence[Write]) -> list[Write]:
    """Return the writes, each with the kinds of facts that it changes."""
    versions = await writer.newest(write.id for write in writes)
    ranks = {name: version // REVISIONS for name, version in versions.items()}
    of = {write.id: write.version // REVISIONS for write in writes}
    older = [name for name, rank in ranks.items() if rank < of[name]]
    held = await writer.documents(older, COMPARED) if older else {}
    same = [name for name in ranks if name not in held]
    held |= await writer.documents(same, ("changed", FINGERPRINT, UNSEEN)) if same else {}
    known: dict[str, tuple[int, Document]] = dict(held)
    result = []
    now = datetime.now(UTC)
    for write in writes:
        version, before = known.get(write.id, (-1, {}))
        kinds: list[str] = []
        if version // REVISIONS == write.version // REVISIONS:
            kinds = before.get("changed", [])
        elif 0 <= version < write.version and _were_seen(before, write.document, now):
            kinds = changed(before, write.document)
        if write.document["status"] == Status.WITHDRAWN:
            known_print = before.get(FINGERPRINT) or before.get("fingerprint")
            if known_print:
                write = replace(write, document={**write.document, FINGERPRINT: known_print})
        elif kinds:
            write = replace(write, document={**write.document, "changed": kinds})
        if _is_hidden(write.document, now) and _is_unseen(before, now):
            write = replace(write, document={**write.document, UNSEEN: True})
        if version < write.version:
            known[write.id] = write.version, write.document
        result.append(write)
    return result


def _is_unseen(before: Document, now: datetime) -> bool:
    """Return whether readers have seen neither the version before nor an earlier one."""
    return not before or bool(before.get(UNSEEN) and _is_hidden(before, now))


def _is_hidden(document: Document, now: datetime) -> bool:
    """Return whether readers may not see a version; of one that was read in part, True."""
    until = document.get("embargoed_until")
    if until is not None:
        return document.get("status") == Status.WITHDRAWN or datetime.fromisoformat(until) > now
    return document.get("status") != Status.USABLE


def _were_seen(before: Document, after: Document, now: datetime) -> bool:
    """Return whether readers of every role had the older version, and get words of the newer."""
    until = before.get("embargoed_until")
    seen = before.get("status") == Status.USABLE and (
        until is None or datetime.fromisoformat(until) <= now
    )
    return seen and after["status"] != Status.WITHDRAWN
