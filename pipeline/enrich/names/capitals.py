"""Names that tell by themselves what they name: "Ministry of Commerce", "Hurricane Odette".

A run is a stretch of capitalised words, with the small words that names have inside. It is
cut at titles ("Idaho | Attorney General | Raúl Labrador") and where a small word joins two
names rather than two parts of one. A piece whose head word says what it is (a ministry, a
river, a treaty) gets a label without any model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from pipeline.enrich.lexicon import cues, given_names
from pipeline.enrich.paragraphs import remembered
from pipeline.wire.labels import Label

_UPPER = "".join(c for c in map(chr, range(0x250)) if c.isupper())
_POINTED = "St|Mt|Ft|Bros|Dr|Gov|Sen|Rep|Gen|Col|Maj|Capt|Lt|Adm|Sgt|Rev|Prof|Mr|Mrs|Ms"
_POINTED_LAST = (
    "Jr|Sr|Inc|Corp|Co|Ltd|Ala|Ariz|Ark|Calif|Colo|Conn|Del|Fla|Ga|Ill|Ind|Kan|Ky|La|Md|Mass|Mich"
    "|Minn|Miss|Mo|Mont|Neb|Nev|Okla|Ore|Pa|Tenn|Tex|Vt|Va|Wash|Wis|Wyo|Ont|Que|Alta"
)
# "Greek-owned" is a name and a participle; "Ji-won" and "Sol-mi" are names.
_PARTICIPLE = (
    r"(?:\w+ed|run|led|born|made|style|wide|era|bound|only|like|speaking|trained|held|built|language"
    r"|majority|area|area|born|themed|sized|friendly|level|winning)\b"
)
NAME_WORD = (
    rf"(?:(?![DRI]-[{_UPPER}])(?:[{_UPPER}]\.)+|(?:{_POINTED})\.(?= )|(?:{_POINTED_LAST})\.(?!\w)|"
    rf"(?![DRI]-[{_UPPER}])(?:(?:al|el|ad|as|an|ar)-)?"
    rf"[{_UPPER}]\w*(?:(?:-(?!{_PARTICIPLE})|[&.'’](?![sS]\b)|/(?=S\b))\w+)*(?:/[sS])?)"
)
SMALL_WORD = (
    r"(?:of|and|for|the|de|del|della|la|le|las|los|di|da|do|dos|du|des|van|der|den|ter|von|zu"
    r"|bin|ibn|ben|binti|arap|al|el|y|e|&|v\.|without|on|to|at)"
)
_NUMBER = r"(?:of (?=\d{1,3}\b))?\d{1,4}(?![\w%])(?![.,:–-]\d)"
LONGEST = 24
"""Words of a run after its first; in what is longer capitals tell nothing."""
RUN = re.compile(
    rf"(?<!\w)(?:{NAME_WORD})(?: (?:{SMALL_WORD} ){{0,3}}(?:{NAME_WORD})| {_NUMBER}){{0,{LONGEST}}}"
)
_PART = re.compile(r"[^ ]+")
_QUOTED = re.compile(
    r"(?<!\w)(?:“([^“”\n]{2,70}?)[,.]?”|\"([^\"\n]{2,70}?)[,.]?\"|``([^`\n]{2,70}?)[,.]?'')"
)
"""A quotation; wires of seven bits print ``…''."""
_ROAD = re.compile(r"i-\d{1,3}")
_SENTENCE = re.compile(r"(?:^|\n|[.!?:]['\"”’)]*\s|[“\"‘]|[—–•-] )\s*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A capitalised name, as far as its own words tell."""

    start: int
    end: int
    words: tuple[str, ...]
    """Its words, small ones included."""
    label: str | None = None
    """What its head word says that it is."""
    title: str | None = None
    """The title printed right before it, if that was part of the run."""
    starts_sentence: bool = False


@remembered
def pieces(text: str) -> tuple[Piece, ...]:
    """Returns the capitalised names of a paragraph in order, none overlapping another.

    No run goes over a line's end.
    """
    runs = [(m.start(), m.end()) for m in RUN.finditer(text)]
    found: list[Piece] = []
    at = 0
    while at < len(runs):
        start, end = runs[at]
        at += 1
        while at < len(runs) and _possessive_joins(text, start, end, runs[at]):
            end = runs[at][1]
            at += 1
        found += _cut(text, start, end)
    return tuple(found)


def quoted_titles(text: str) -> Iterator[tuple[int, int]]:
    """Yields spans of quoted titles, whose words except the small ones are all capitalised."""
    small = cues().small
    for match in _QUOTED.finditer(text):
        group = match.lastindex or 0
        words = match[group].split()
        if (
            words
            and len(words) <= 8
            and words[0][0].isupper()
            and all(w[0].isupper() or w in small or w[0].isdigit() for w in words)
        ):
            yield match.span(group)


def _possessive_joins(text: str, start: int, end: int, following: tuple[int, int]) -> bool:
    """Returns whether a name goes on after a possessive: "St. Peter's Square"."""
    gap = text[end : following[0]]
    if gap not in ("'s ", "’s ", "'S ", "’S ", "' ", "’ "):
        return False
    left, right = text[start:end].split(), text[following[0] : following[1]].split()
    if not _head_label([right[-1].lower()]):
        return False
    if left[0] in ("St.", "St", "ST.", "Saint"):
        return True
    return left[-1].lower() in cues().owners


def _cut(text: str, start: int, end: int) -> Iterator[Piece]:
    if " " not in text[start:end]:
        yield from _single(text, start, end)
        return
    parts = [(start + m.start(), start + m.end()) for m in _PART.finditer(text[start:end])]
    words = [text[s:e] for s, e in parts]
    lower = [w.lower().rstrip(".") for w in words]
    c = cues()
    initial = _starts_sentence(text, start)
    while len(words) > 1 and lower[-1] in c.not_names:  # "Orthodox Easter"
        words, lower = words[:-1], lower[:-1]
    if len(words) > 1 and words[1][0].isdigit() and lower[0] in c.not_names | c.common:
        return
    first = 0
    opens = initial and words[0] != "The" and lower[0] in _openers()
    if (len(words) > 1 and (opens or lower[0].startswith("ex-"))) or (
        lower[0] in c.common and (len(words) == 1 or lower[0] in ("the", "a", "an"))
    ):
        first = 1
    while first < len(words) and not _is_name_word(words[first]):
        first += 1
    title: str | None = None
    begin = first
    while begin < len(words):
        stop = begin
        # Up to the next title, conjunction or end.
        while stop < len(words) and not _title_at(words, lower, stop, begin):
            stop += 1
        if stop > begin:
            for a, b in _names(words, lower, begin, stop):
                label = _label(words[a:b], lower[a:b], title if a == begin else None)
                yield Piece(
                    parts[a][0], parts[b - 1][1], tuple(words[a:b]), label,
                    title if a == begin else None, initial and a == first,
                )  # fmt: skip
            title = None
        if stop < len(words):
            after = _title_end(words, lower, stop)
            title = " ".join(words[stop:after])
            stop = after
            while stop < len(words) and lower[stop] in ("of", "and", "for", "the", "to", "at"):
                stop += 1
                title = None
        begin = stop


def _single(text: str, start: int, end: int) -> Iterator[Piece]:
    """Yields a run of one word, unless it is a common one or a title."""
    c, word = cues(), text[start:end]
    lower = word.lower().rstrip(".")
    if lower not in c.common and lower not in c.titles:
        label = Label.FAC if _ROAD.fullmatch(lower) else None
        yield Piece(start, end, (word,), label, None, _starts_sentence(text, start))


def _starts_sentence(text: str, at: int) -> bool:
    return at == 0 or bool(_SENTENCE.search(text[max(0, at - 4) : at]))


@cache
def _openers() -> frozenset[str]:
    """Returns words that open a sentence with a capital and are no part of the name after them."""
    return cues().common | cues().roles | cues().nouns_product


def _is_name_word(word: str) -> bool:
    """Returns whether a name can begin with a word: "Kim", "al-Assad"."""
    return word[0].isupper() or (word[0].islower() and "-" in word)


def _title_end(words: Sequence[str], lower: Sequence[str], at: int) -> int:
    """Returns the index after the title that begins at a word: "Deputy Foreign Minister"."""
    c = cues()
    end = at
    last = at
    if at and lower[at] in ("county", "city", "state"):
        return at  # "Robeson County Sheriff"
    while end < len(words) and words[end][0].isupper():
        if lower[end] in c.titles:
            last = end + 1
        elif lower[end] not in c.title_parts:
            break
        end += 1
    return last


def _title_at(words: Sequence[str], lower: Sequence[str], at: int, begin: int) -> bool:
    """Returns whether a title begins at a word, one that is not part of a body's name."""
    if at > begin and lower[at - 1] in ("of", "for", "the"):
        return False  # "Department of Justice"
    end = _title_end(words, lower, at)
    if end == at or _is_surname(lower, at, begin):
        return False
    rest = end < len(words)
    if rest and lower[end] == "of" and lower[end - 1] in cues().nobles:
        return False  # "Princess of Wales"
    # "King Khalid International Airport", "General Motors", "Prime Minister's Office":
    # what follows up to the next small word has a head, so the title is part of the name.
    tail = [w for w in lower[end:] if w not in cues().small]
    if tail and at == begin and _head_label([tail[-1]]) and tail[-1] not in cues().titles:
        return _looks_person(words[end:], lower[end:])
    if tail and _head_label([tail[0]]):
        return False
    return not words[end - 1].endswith(("'s", "’s"))


def _is_surname(lower: Sequence[str], at: int, begin: int) -> bool:
    """Returns whether a title word is the surname of the given name before it: "Stephen King"."""
    ends = at + 1 == len(lower) or lower[at + 1] in cues().generations | cues().small
    return ends and at > begin and lower[begin] in given_names()


def _looks_person(words: Sequence[str], lower: Sequence[str]) -> bool:
    return len(words) == 2 and lower[0] in given_names()


def _names(
    words: Sequence[str], lower: Sequence[str], begin: int, stop: int
) -> Iterator[tuple[int, int]]:
    """Yields the names in a stretch without titles, cut where a small word joins two of them."""
    while stop > begin and not (_is_name_word(words[stop - 1]) or words[stop - 1][0].isdigit()):
        stop -= 1
    at = begin
    for i in range(begin + 1, stop):
        word = words[i]
        if _is_name_word(word) or word[0].isdigit() or i < at:
            continue
        if _joins(words, lower, at, i, stop):
            continue
        end = i
        while end > at and not (_is_name_word(words[end - 1]) or words[end - 1][0].isdigit()):
            end -= 1
        if end > at:
            yield at, end
        at = i + 1
        while at < stop and not (_is_name_word(words[at])):
            at += 1
    if at < stop:
        yield at, stop


def _joins(words: Sequence[str], lower: Sequence[str], at: int, i: int, stop: int) -> bool:
    """Returns whether the small word at `i` stands inside one name that began at `at`."""
    word = lower[i]
    if word in cues().particles or words[i] in ("v.", "v", "&", "y", "e"):
        return True
    left = [w for w in lower[at:i] if w not in cues().small]
    if not left or i + 1 >= stop:
        return False
    if lower[i + 1] in cues().not_names:
        return False
    if word == "on":
        return left[-1] in ("committee", "commission", "conference", "council", "board")
    if word in ("of", "for", "without", "to"):
        return (
            left[-1] in cues().heads_before_of
            or left[-1] in cues().nobles
            or bool(_head_label(left[-1:]))
            or (left[0] in cues().before_lands and word == "of")
            or (
                word == "of"
                and left[-1] in ("battle", "ring", "plan", "bay", "state", "university")
            )
        )
    if word == "the":
        return (
            i > at
            and lower[i - 1] in ("of", "for", "without", "to")
            and _joins(words, lower, at, i - 1, stop)
        )
    if word == "at":
        return "university" in left
    if word == "and":
        right = [w for w in lower[i + 1 : stop] if w not in cues().small]
        inside_of = any(w in ("of", "for") for w in lower[at:i])
        if inside_of and left and any(_head_label([w]) for w in left[:3]):
            # "Centers for Disease Control and Prevention"; but not "... of Bhopal and the ..."
            return (
                bool(right)
                and lower[i + 1] != "the"
                and not (len(right) == 1 and _head_label(right))
                and not any(w in ("bank", "university", "court") for w in left)
            )
        person = len(left) > 1 and left[0] in given_names()
        if not right or person or _head_label(left[-1:]) or "of" in lower[i + 1 : stop]:
            return False
        head = _head_label(right[-1:])
        return (
            head in (Label.ORG, Label.LAW)
            and len(right) > 1
            and right[-1] not in cues().company_suffixes
            and lower[i + 1] != "the"
        )
    return False


def _label(words: Sequence[str], lower: Sequence[str], title: str | None) -> Label | None:  # noqa: C901, PLR0912 (rules in order)
    """Returns the label that the words of a name give it, or None if they give none."""
    if len(words) == 1:
        return Label.FAC if _ROAD.fullmatch(lower[0]) else None
    c = cues()
    if "v." in lower or "v" in lower:
        return Label.LAW if len(words) > 2 else None
    content = [w for w in lower if w not in c.small]
    if not content:
        return None
    if len(content) > 1 and content[-1] in c.company_suffixes:
        return Label.ORG
    if words[0].isupper() and content[0] in c.vessels and len(content) > 1 and words[0] != "MSC":
        return Label.PRODUCT
    if len(content) > 1 and content[0] in c.before_events and words[0][0].isupper():
        return Label.EVENT
    if content[0] in cues().nobles and "of" in lower:
        return Label.PERSON
    if _ROAD.fullmatch(content[-1]) or (
        len(content) == 2
        and content[0] in ("interstate", "route", "highway")
        and content[1].isdigit()
    ):
        return Label.FAC
    if len(content) == 2 and content[0] in ("section", "article", "title") and content[1].isdigit():
        return Label.LAW
    if len(content) == 1:
        return None
    before = next((i for i, w in enumerate(lower) if w in ("of", "for", "without", "to")), None)
    if before:
        head = [w for w in lower[:before] if w not in c.small]
        if head:
            if head[-1] in cues().states:
                return Label.GPE
            label = _head_label(head[-1:])
            if label and (head[-1] not in ("state", "plan")):
                return label
            if head[-1] == "battle":
                return Label.EVENT
            if head[-1] == "plan":
                return Label.LAW
            if head[-1] in cues().heads_before_of:
                return Label.ORG
        if content[0] in c.before_lands:
            return Label.LOC
    if content[0] in c.before_lands and not _head_label(content[-1:]):
        return Label.LOC
    if content[-1] in ("center", "centre"):
        return Label.ORG if content[-2] in c.centers_of_work else Label.FAC
    if content[0] in c.before_facilities:
        return Label.FAC
    if content[-1] == "cup" or content[-1] == "league":
        return Label.EVENT
    label = _head_label(content[-1:])
    if label == Label.GPE and title:
        return None
    if label is None and content[-1].isdigit() and len(content) > 1:
        return _head_label([content[-2]])
    if label and title and _looks_person(words, lower):
        return Label.PERSON
    return label


def _head_label(words: Sequence[str]) -> Label | None:
    """Returns the label that a head word gives its name, or None if it gives none."""
    if not words:
        return None
    c, word = cues(), words[-1]
    if word in c.organisations:
        return Label.ORG
    if word in c.facilities:
        return Label.FAC
    if word in c.waters_and_lands:
        return Label.LOC
    if word in c.divisions:
        return Label.GPE
    if word in c.events:
        return Label.EVENT
    if word in c.laws:
        return Label.LAW
    if word in c.works:
        return Label.WORK_OF_ART
    return None


@lru_cache(maxsize=1 << 14)
def label_of(text: str) -> Label | None:
    """Returns what the words of a name say that it is: "Ministry of Commerce" is an ORG."""
    words = text.split()
    return _label(words, [w.lower().rstrip(".") for w in words], None)
