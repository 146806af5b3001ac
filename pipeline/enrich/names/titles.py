"""Titles in front of people: "Deputy Foreign Minister", and what they say of the person's sex."""

from __future__ import annotations

from pipeline.enrich.lexicon import cues

REACH = 60
"""Characters before a name in which its title stands."""

LONGEST_SHORT = 4
"""Letters of a title that is written with a point: "Capt."."""


def title_before(text: str, start: int) -> tuple[str | None, str | None]:
    """Returns the title that stands right before a name, and "f" or "m" where a word says so."""
    near = text[max(0, start - REACH) : start].rpartition("\n")[2].rstrip(' "“‘`')
    words = near.split(" ") if near else []
    if not words or not (words[-1] and (words[-1][-1].isalnum() or words[-1][-1] in ".'’")):
        return None, None
    c, last = cues(), _plain(words[-1])
    if words[-1].endswith(".") and len(last) > LONGEST_SHORT:
        return None, None  # a sentence ends there: "He met Susan Bishop. Cardinal spoke"
    if last not in c.titles and last not in c.roles:
        return None, _sex(last)
    first = len(words) - 1
    if words[first][0].isupper():
        while first and words[first - 1][:1].isupper() and _is_part(words[first - 1]):
            first -= 1
        # "Norland County Attorney General": the county is part of a name.
        while first < len(words) - 1 and _plain(words[first]) in ("county", "city", "state"):
            first += 1
    return " ".join(words[first:]), _sex(last)


def without_title(text: str, start: int, end: int) -> tuple[int, str | None]:
    """Returns where a person's name begins behind a title that is in the span, and the title."""
    words = text[start:end].split(" ")
    n = 0
    while n < len(words) - 1 and _plain(words[n]) in cues().titles and words[n][:1].isupper():
        n += 1
    if n == 0 or not words[n][:1].isupper():
        return start, None
    title = " ".join(words[:n])
    return start + len(title) + 1, title


def is_title(text: str) -> bool:
    """Returns whether words are no name: a title or a part of one, or a date ("March 4")."""
    c, words = cues(), text.lower().split()
    if not words:
        return True
    if len(words) > 1 and words[-1][0].isdigit() and words[0] in c.not_names | c.common:
        return True
    return all(w in c.titles or w in c.title_parts for w in words)


def _is_part(word: str) -> bool:
    plain = _plain(word)
    return plain in cues().titles or plain in cues().title_parts


def _plain(word: str) -> str:
    return word.lower().rstrip(".")


def _sex(word: str) -> str | None:
    c = cues()
    return "f" if word in c.female else "m" if word in c.male else None
