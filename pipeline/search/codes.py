"""Codes that wires use, in words."""

from __future__ import annotations

_LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech",
    "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nb": "Norwegian",
    "nl": "Dutch", "nn": "Norwegian (Nynorsk)", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""ISO 639-1."""

_CATEGORIES = {
    "a": "Domestic", "e": "Entertainment", "f": "Financial", "i": "International",
    "l": "Lifestyle", "n": "State and regional", "o": "Weather", "p": "Politics",
    "q": "Sports results", "s": "Sports", "t": "Travel", "v": "Advisories", "w": "Washington",
}  # fmt: skip
"""ANPA 1312 category codes, as North American agencies use them."""


def language_name(tag: str) -> str:
    """Return the English name of a language tag, with its region: "English (GB)"."""
    base, _, region = tag.partition("-")
    name = _LANGUAGES.get(base.lower())
    if name is None:
        return tag
    return f"{name} ({region})" if region else name


def category_name(code: str) -> str:
    """Return a category in words; other agencies' categories as they are."""
    return _CATEGORIES.get(code.lower(), code)
