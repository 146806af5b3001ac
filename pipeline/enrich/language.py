"""The language of a story: what its metadata says, else what its text reads like.

Detection is py3langid's (97 languages, BSD licence, 4.5 MB, no network). A text too short or
too mixed to tell counts as English only if it is in Latin script: the model that reads it must
be one of its language, and no model at all is better than a wrong one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipeline.enrich import lexicon
from pipeline.enrich.geo import foreign
from pipeline.wire.story import Story

SURE = 0.8
"""The confidence from which a detected language is believed."""
SAMPLE = 600
"""Characters of the body that are looked at."""
RECENT = 256
"""Texts whose language is remembered: a story is read ahead, and then enriched."""
ENOUGH = 60
"""Letters below which a text is too short to tell its language."""
PLAIN = 200
"""Letters from which on a text may overrule the metadata."""
ALMOST_CERTAIN = 0.999
_MARKS = ".,;:!?\"'()[]«»„“”‘’–—-"

_SPELT: Mapping[str, frozenset[str]] = {
    letter: frozenset(languages.split())
    for letters, languages in (
        ("å", "sv no da"), ("ä", "de sv"), ("ö", "de sv"), ("üß", "de"), ("øæ", "no da"),
        ("ñ", "es"), ("ãõ", "pt"), ("ąęłśźż", "pl"),
    )
    for letter in letters
}  # fmt: skip
"""The languages of letters that English words have not."""
_ENGLISH = frozenset(
    ["the", "of", "and", "to", "that", "for", "on", "with", "is", "was", "by", "said", "has"]
)


def language(story: Story) -> str | None:
    """Return the primary subtag of the story's language (BCP 47); None if it is not known.

    The text overrules the metadata where they plainly disagree: feeds are marked with the
    language of the house, and carry stories in others.
    """
    text = "\n".join(part for part in (story.headline, story.body[:SAMPLE]) if part)
    return _language(text, primary(story.language) if story.language else None)


@lru_cache(maxsize=RECENT)
def _language(text: str, said: str | None) -> str | None:
    """Return the language of a text whose metadata names one, or none."""
    if said is None:
        return detect(text)
    if sum(map(str.isalpha, text)) < PLAIN:
        return said
    [(read, _), *_] = _function_words(text).most_common(1) or [(said, 0)]
    if read == said:
        return said
    found, confidence = _identifier().classify(text)
    return read if confidence >= ALMOST_CERTAIN and primary(str(found)) == read else said


def primary(tag: str) -> str | None:
    """Return the primary subtag of a BCP 47 tag. Norwegian is "no", whichever form is written."""
    code = tag.replace("_", "-").split("-")[0].lower()
    return {"nb": "no", "nn": "no"}.get(code, code) or None


def detect(text: str) -> str | None:
    """Return the language of a text, "en" for a short one in Latin letters, None for no language.

    Function words decide where a text is too short to be classified. A table of results without
    any counts as English.
    """
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return None
    found, confidence = _identifier().classify(text)
    words = _function_words(text)
    [(likely, count), *_] = words.most_common(1) or [("en", 0)]
    unsure = found == "en" or confidence < SURE
    if count > words["en"] and unsure:
        return likely
    if unsure and not words["en"] and (spelt := _spelt(text)):
        return spelt
    if confidence >= SURE:
        return primary(str(found))
    latin = sum(c < "\u0250" for c in letters) > 0.9 * len(letters)
    short = len(letters) < ENOUGH
    english = short or found == "en" or not words or _reads_english(text)
    return "en" if latin and english else None


def _spelt(text: str) -> str | None:
    """Return the likeliest of the languages that have all foreign letters of a text's words.

    Only words in small letters count: "Malmö" is English, too.
    """
    words = [word for word in text.split() if word.lstrip(_MARKS)[:1].islower()]
    found = [_SPELT[c] for word in words for c in word if c in _SPELT]
    shared = frozenset.intersection(*found) if found else frozenset()
    ranked = (primary(str(code)) for code, _ in _identifier().rank(text)) if shared else ()
    return next((code for code in ranked if code in shared), None)


def _function_words(text: str) -> Counter[str]:
    """Return how many words of a text are function words of each language that has a list."""
    counts: Counter[str] = Counter()
    for word in text.lower().split():
        counts.update(_languages_of().get(word.strip(_MARKS), ()))
    return counts


@cache
def _languages_of() -> Mapping[str, tuple[str, ...]]:
    """Return the languages by function word; English words are of English alone."""
    cues = lexicon.cues()
    english = _ENGLISH | cues.common | cues.small | cues.after_people
    found: dict[str, tuple[str, ...]] = {}
    for name, lists in foreign.languages().items():
        for word in lists.openers - english:
            found[word] = (*found.get(word, ()), name)
    return {**found, **dict.fromkeys(english, ("en",))}


def _reads_english(text: str) -> bool:
    """Return True where a mixed text, full of foreign names or quotations, is otherwise English."""
    words = text.lower().split()
    return sum(word in _ENGLISH for word in words) > 0.15 * len(words)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
