"""An index in memory with external versions: what `pipeline.index.writer.Writer` promises."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

from pipeline.index.document import Document
from pipeline.index.writer import Outcome, Write, Written
from pipeline.wire.ids import takes_prefix


class Index:
    """Documents by id; an equal or older version is stale, ids in `rejects` are rejected."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[int, Document]] = {}
        self.rejects: set[str] = set()
        self.refuses: set[str] = set()
        """Ids that are refused as long as they are here."""
        self.only_bare = False
        """What is rejected or refused is taken without its note to editors."""

    async def write(self, writes: Sequence[Write]) -> list[Written]:
        """See `Writer.write`."""
        return [self._write(write) for write in writes]

    async def purge(self, upto: Sequence[Write]) -> set[str]:
        """See `Writer.purge`."""
        gone = {w.id for w in upto if self.held.get(w.id, (-1,))[0] <= w.version}
        self.held = {name: held for name, held in self.held.items() if name not in gone}
        return gone

    async def newest(self, ids: Iterable[str]) -> dict[str, int]:
        """See `Writer.newest`."""
        return {name: self.held[name][0] for name in ids if name in self.held}

    async def documents(
        self, ids: Iterable[str], fields: Sequence[str] | None = None
    ) -> dict[str, tuple[int, Document]]:
        """See `Writer.documents`."""
        return {name: copy.deepcopy(self.held[name]) for name in ids if name in self.held}

    async def takes(self, ids: Iterable[str]) -> list[str]:
        """See `Writer.takes`."""
        prefixes = tuple(map(takes_prefix, ids))
        return [name for name in self.held if prefixes and name.startswith(prefixes)]

    def _write(self, write: Write) -> Written:
        spared = self.only_bare and "ednote" not in write.document
        if write.id in self.refuses and not spared:
            return Written(Outcome.REFUSED, "HTTP 400: strict_dynamic_mapping_exception")
        if write.id in self.rejects and not spared:
            return Written(Outcome.REJECTED, "document_parsing_exception: failed to parse")
        if write.id in self.held and self.held[write.id][0] >= write.version:
            return Written(Outcome.STALE)
        self.held[write.id] = (write.version, copy.deepcopy(write.document))
        return Written(Outcome.INDEXED)
