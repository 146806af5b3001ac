"""The language of a story: what its metadata says, else what its text reads like.

Detection is py3langid's (97 languages, BSD licence, 4.5 MB, no network). A text too short or
too mixed to tell counts as English only if it is in Latin script: the model that reads it must
be one of its language, and no model at all is better than a wrong one.
"""

from __future__ import annotations

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipeline.wire.story import Story

SURE = 0.8
"""The confidence from which a detected language is believed."""
SAMPLE = 2000
"""Characters of the body that are looked at."""
ENOUGH = 60
"""Letters below which a text is too short to tell its language."""

_ENGLISH = frozenset(
    ["the", "of", "and", "to", "that", "for", "on", "with", "is", "was", "by", "said", "has"]
)


def language(story: Story) -> str | None:
    """The primary subtag of the story's language (BCP 47), in lower case; None if unknown."""
    if story.language:
        return primary(story.language)
    return detect("\n".join(part for part in (story.headline, story.body[:SAMPLE]) if part))


def primary(tag: str) -> str | None:
    """Return the primary subtag of a BCP 47 tag. Norwegian is "no", whichever form is written."""
    code = tag.replace("_", "-").split("-")[0].lower()
    return {"nb": "no", "nn": "no"}.get(code, code) or None


def detect(text: str) -> str | None:
    """The language of a text, "en" for a short one in Latin letters, None if it can't be told."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return None
    found, confidence = _identifier().classify(text)
    if confidence >= SURE:
        return str(found)
    latin = sum(c < "\u0250" for c in letters) > 0.9 * len(letters)
    short = len(letters) < ENOUGH
    return "en" if latin and (short or found == "en" or _reads_english(text)) else None


def _reads_english(text: str) -> bool:
    """Whether a mixed text, full of foreign names or quotations, is English in between."""
    words = text.lower().split()
    return sum(word in _ENGLISH for word in words) > 0.15 * len(words)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
