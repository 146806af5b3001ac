"""Near-duplicates: how many of them the fingerprint tells, and what it takes for one in error."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pipeline.enrich.enricher import Enricher
from pipeline.index.fingerprint import Fingerprint, are_near, fingerprint
from tests.evaluation import corpus
from tests.evaluation.duplicates.bulletins import bulletins
from tests.evaluation.duplicates.edits import EDITS, Paragraphs, digest
from tests.evaluation.entities.annotation import stories

FOLDER = Path(__file__).parent
DIGEST_OF = 10
BULLETINS = 10
"""Of each mould."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the set; two are near-duplicates where they are `of` the same story."""

    of: str
    kind: str
    found: Fingerprint | None


@dataclass(slots=True)
class Count:
    """Pairs: near-duplicates that were told, all of them, and others that were taken for some."""

    told: int = 0
    near: int = 0
    wrong: int = 0

    @property
    def recall(self) -> float:
        """Of near-duplicates, those that were told."""
        return self.told / self.near

    @property
    def precision(self) -> float:
        """Of what was taken for near-duplicates, those that are."""
        return self.told / (self.told + self.wrong)


def own_texts() -> Iterator[Text]:
    """Our own stories with all that became of them, and what is no near-duplicate of any."""
    annotated = list(stories())
    bodies = [a.story.body.split("\n\n") for a in annotated]
    for a, body, inserted in zip(annotated, bodies, _inserted(bodies), strict=True):
        yield from _edited(a.name, a.story.headline or "", body, inserted)
        if rewrite := _written("rewrites", a.name):
            yield _text(a.name, "rewritten by hand", rewrite)
        if followup := _written("followups", a.name):
            yield _text(f"{a.name}, next day", "next day", followup)
    for n in range(0, len(bodies), DIGEST_OF):
        yield _text(f"digest {n}", "digest", digest(bodies[n : n + DIGEST_OF]))
    for n, bulletin in enumerate(bulletins(BULLETINS)):
        yield _text(f"bulletin {n}", "bulletin", [bulletin])


def articles() -> Iterator[Text]:
    """The articles of GeoWebNews, each with what became of it."""
    documents = corpus.documents()
    bodies = [_split(document.text) for document in documents]
    for document, body, inserted in zip(documents, bodies, _inserted(bodies), strict=True):
        yield from _edited(document.id, "The day in the news", body, inserted)


def report(enricher: Enricher) -> str | None:
    """The section "Duplicates" of docs/quality.md; None without the articles."""
    if not corpus.PATH.exists():
        return None
    ours, theirs = list(own_texts()), list(articles())
    others = sum(text.kind in ("next day", "digest", "bulletin") for text in ours)
    lines = [
        "## Duplicates",
        "",
        "Near-duplicates are made of a story by editing it as agencies, portals and clients do,"
        f" in {len(EDITS)} ways (`tests/evaluation/duplicates/`). Of our own 40 stories,"
        f" {sum(text.kind == 'rewritten by hand' for text in ours)} are rewritten by hand too, and"
        f" {others} texts stand beside them that are nobody's near-duplicates: the next day's news"
        " with the same background, digests of ten leads, and bulletins of one mould (weather,"
        " matches, shares, earthquakes, lotteries, courts). The rule was chosen looking at all of"
        " these, but not at the 200 articles of GeoWebNews, which are edited the same ways. All"
        " pairs are compared; a pair is told where the texts share a band and are near"
        " (`pipeline.index.fingerprint`).",
        "",
        "| | texts | near-duplicate pairs | recall | taken for some in error | precision |",
        "|---|---|---|---|---|---|",
    ]
    for name, part in (("our own", ours), ("GeoWebNews, not looked at", theirs)):
        count = counted(part)
        lines.append(
            f"| {name} | {len(part):,} | {count.near:,} | {count.recall:.3f} | {count.wrong}"
            f" | {count.precision:.4f} |"
        )
    lines += ["", "Recall by what was done to the original:", ""]
    lines += ["| | our own | GeoWebNews |", "|---|---|---|"]
    both = _by_kind(ours), _by_kind(theirs)
    for kind in both[0]:
        recalls = [f"{kinds[kind].recall:.3f}" if kind in kinds else "" for kinds in both]
        lines.append(f"| {kind} | {' | '.join(recalls)} |")
    return "\n".join([*lines, ""])


def counted(part: Iterable[Text]) -> Count:
    """All pairs of some texts."""
    count = Count()
    for one, other in combinations(part, 2):
        told = _near(one, other)
        if one.of == other.of:
            count.near += 1
            count.told += told
        else:
            count.wrong += told
    return count


def _near(one: Text, other: Text) -> bool:
    if one.found is None or other.found is None:
        return False
    share_a_band = not set(one.found.bands).isdisjoint(other.found.bands)
    return share_a_band and are_near(one.found, other.found)


def _by_kind(part: Sequence[Text]) -> dict[str, Count]:
    originals = {text.of: text for text in part if text.kind == "original"}
    kinds: dict[str, Count] = defaultdict(Count)
    for text in part:
        if text.kind != "original" and text.of in originals:
            kinds[text.kind].near += 1
            kinds[text.kind].told += _near(originals[text.of], text)
    return kinds


def _edited(of: str, headline: str, body: Paragraphs, inserted: Paragraphs) -> Iterator[Text]:
    yield _text(of, "original", body)
    for kind, edit in EDITS.items():
        yield _text(of, kind, edit(body, headline, inserted))


def _inserted(bodies: Sequence[Paragraphs]) -> Iterator[Paragraphs]:
    """For each story the last paragraphs of four others."""
    for n in range(len(bodies)):
        yield [bodies[(n + 7 * step) % len(bodies)][-1] for step in (1, 2, 3, 4)]


def _split(text: str) -> Paragraphs:
    """An article, whose paragraphs are mostly lost, two sentences at a time."""
    sentences = re.split(r"(?<=[.!?”\"])\s+(?=[A-Z“\"])", text)
    return [" ".join(sentences[n : n + 2]) for n in range(0, len(sentences), 2)]


def _text(of: str, kind: str, paragraphs: Sequence[str]) -> Text:
    return Text(of, kind, fingerprint("\n\n".join(paragraphs)))


def _written(folder: str, name: str) -> Paragraphs | None:
    path = FOLDER / folder / f"{name}.txt"
    if not path.exists():
        return None
    return path.read_text(encoding="utf-8").strip().split("\n\n")[1:]
