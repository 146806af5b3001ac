"""Which entry of a knowledge base an entity is: a table of names that `newswire kb build` makes.

A name may stand for several entries. The more links lead to an entry the likelier it is meant
(its prior), and words of its description that the story has speak for it (its context). Where two
are about as likely, neither is taken. An id that the wire itself brings for a name goes before.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from pipeline.enrich.folding import fold
from pipeline.enrich.names.aliases import key
from pipeline.enrich.names.grouping import slug
from pipeline.wire.enriched import Entity
from pipeline.wire.errors import SetupError
from pipeline.wire.labels import Label
from pipeline.wire.story import Story

SCHEMA = """
CREATE TABLE entries (id TEXT PRIMARY KEY, name TEXT, label TEXT, links INTEGER, words TEXT);
CREATE TABLE names (key TEXT, id TEXT, PRIMARY KEY (key, id)) WITHOUT ROWID;
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT);
"""
PER_WORD = 2.0
"""What a word of the description in the story is worth, in powers of e of links."""
MARGIN = 0.7
"""How far the best entry must be ahead of the next one: twice the links."""
_WORD = re.compile(r"[^\W\d_]{4,}")
_ENGLISH = frozenset(
    re.findall(
        r"\S+",
        "about after also american been before being born best british former from have into "
        "known more most other over since than that their them they this used well were when "
        "where which while with work year",
    )
)
"""Words of descriptions that tell nobody apart."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A person, organisation or other thing that has an id."""

    id: str
    """With the knowledge base's name: "wikidata:Q42"."""
    name: str
    label: Label
    links: int
    words: frozenset[str]
    """Of its description."""


class Knowledge:
    """A table of names and entries, read from a file that is never changed.

    Raises:
        SetupError: the file is missing, or is none of `newswire kb build`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            about: Mapping[str, str] = dict(self._db.execute("SELECT key, value FROM about"))
            self.version = about["version"]
        except (sqlite3.Error, KeyError) as error:
            raise SetupError(
                f"{path} is no table of names: `newswire kb build FILE` makes one ({error})"
            ) from error
        self.find = lru_cache(maxsize=1 << 14)(self._find)

    def _find(self, name: str) -> tuple[Entry, ...]:
        """Returns the entries of a name, the most linked first."""
        rows = self._db.execute(
            "SELECT e.id, e.name, e.label, e.links, e.words FROM names n JOIN entries e USING (id)"
            " WHERE n.key = ? ORDER BY e.links DESC, e.id",
            (key(name),),
        )
        return tuple(
            Entry(id_, shown, Label[label], links, frozenset(json.loads(listed)))
            for id_, shown, label, links, listed in rows
        )

    def meant(self, entity: Entity, words: frozenset[str]) -> Entry | None:
        """Returns the entry that an entity of a story is; None for none, or if it is not clear.

        Args:
            entity: found in the story.
            words: what the story is about, as `words_of` returns it.
        """
        if entity.label == Label.PERSON and " " not in entity.text:
            return None  # a surname alone is many people's
        rated = sorted(
            (math.log1p(e.links) + PER_WORD * len(e.words & words), e.id, e)
            for e in self.find(entity.name or entity.text)
            if e.label == entity.label
        )
        if not rated or (len(rated) > 1 and rated[-1][0] - rated[-2][0] < MARGIN):
            return None
        return rated[-1][2]


def words_of(*texts: str | None) -> frozenset[str]:
    """Returns the words of texts that can tell one entry from another."""
    words = {fold(word) for text in texts if text for word in _WORD.findall(text)}
    return frozenset(words - _ENGLISH)


def linked(
    entities: Sequence[Entity], story: Story, knowledge: Knowledge | None
) -> tuple[Entity, ...]:
    """Returns the entities of a story with the ids of what they are.

    An entity that the alias table or the gazetteer has given an id keeps it.
    """
    brought = {
        fold(subject.name): f"{subject.scheme}:{subject.code}" if subject.scheme else subject.code
        for subject in story.subjects
        if subject.name and subject.code
    }
    words: frozenset[str] | None = None
    found: dict[str, Entity] = {}
    for entity in entities:
        if entity.kb is None and (id_ := brought.get(fold(entity.name or entity.text))):
            entity = replace(entity, kb=id_)
        elif entity.kb is None and knowledge is not None:
            words = words_of(story.headline, story.body) if words is None else words
            if (entry := knowledge.meant(entity, words)) is not None:
                entity = _named(entity, entry, knowledge)
        found[entity.id] = joined(found[entity.id], entity) if entity.id in found else entity
    return tuple(found.values())


def joined(first: Entity, second: Entity) -> Entity:
    """Returns one entity of two that have the same id."""
    return replace(
        first,
        mentions=tuple(sorted((*first.mentions, *second.mentions), key=lambda m: m.start)),
        salience=max(first.salience, second.salience),
    )


def _named(entity: Entity, entry: Entry, knowledge: Knowledge) -> Entity:
    """Returns an entity under the name and id of its entry.

    The most linked entry of a name has the id that the name gives; its namesakes are told apart.
    """
    prefix, same = entry.label.prefix, knowledge.find(entry.name)
    first = next((e for e in same if e.label == entry.label), entry)
    suffix = "" if first.id == entry.id else f"-{entry.id.rpartition(':')[2].lower()}"
    return replace(
        entity,
        id=f"{prefix}:{slug(entry.name)}{suffix}",
        name=entry.name if entry.name != entity.text else entity.name,
        kb=entry.id,
    )


def build(path: Path, entries: Iterable[tuple[Entry, Sequence[str]]], version: str) -> int:
    """Write a table, and return how many entries it has. An id that comes again is left out.

    Args:
        path: the file; it is replaced only when the new one is whole.
        entries: each with all of its names.
        version: what the records' provenance says of the table.
    """
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        db = sqlite3.connect(part)
        try:
            db.executescript(SCHEMA)
            number = 0
            for entry, names in entries:
                listed = json.dumps(sorted(entry.words), ensure_ascii=False)
                row = (entry.id, entry.name, entry.label.value, entry.links, listed)
                if db.execute("INSERT OR IGNORE INTO entries VALUES (?,?,?,?,?)", row).rowcount:
                    number += 1
                    keys = {key(name) for name in (entry.name, *names)} - {""}
                    db.executemany(
                        "INSERT OR IGNORE INTO names VALUES (?,?)", [(k, entry.id) for k in keys]
                    )
            db.execute("INSERT INTO about VALUES ('version', ?)", (version,))
            db.commit()
        finally:
            db.close()
        part.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise SetupError(f"{path} can't be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return number
