"""Which languages the server can read better than newswire's own stems."""

from __future__ import annotations

from collections.abc import Mapping

from elasticsearch import ApiError, Elasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.stems import ALGORITHMS
from pipeline.wire.errors import SetupError

ANALYZERS: Mapping[str, tuple[str, ...]] = {
    "ja": ("kuromoji", "cjk"),
    "zh": ("smartcn", "cjk"),
    "ko": ("nori", "cjk"),
    "th": ("thai",),
    "tr": ("turkish",),
    "pl": ("polish",),
    "uk": ("ukrainian",),
    "cs": ("czech",),
    "hu": ("hungarian",),
    "ro": ("romanian",),
}
"""Languages without stems of our own, and Elasticsearch's analyzers for each, the best first."""


def languages(settings: ElasticsearchSettings) -> tuple[str, ...]:
    """Return the languages whose texts are also given to an analyzer of the server.

    With "auto" they are all that a server may have one for: where it has none, the mapping has no
    field, which neither a document nor a search minds.
    """
    return tuple(ANALYZERS if settings.analyzers == "auto" else settings.analyzers)


def available(client: Elasticsearch, settings: ElasticsearchSettings) -> dict[str, str]:
    """Return the server's analyzer for each language: those of the settings, or the best it has.

    Raises:
        SetupError: the server lacks an analyzer that the settings name.
    """
    if settings.analyzers == "auto":
        names = {name for names in ANALYZERS.values() for name in names}
        known = {name for name in names if _has(client, name)}
        best = {lang: [n for n in names if n in known] for lang, names in ANALYZERS.items()}
        return {language: names[0] for language, names in best.items() if names}
    for language, name in settings.analyzers.items():
        if _has(client, name) is False:
            raise SetupError(
                f"Elasticsearch has no analyzer {name!r}, which elasticsearch.analyzers names for "
                f"{language!r}: install its plugin, or remove it"
            )
    return settings.analyzers


def summary(found: Mapping[str, str], settings: ElasticsearchSettings) -> str:
    """Return one sentence on what is searched how, and what the server lacks.

    Where the settings name analyzers it was asked for these alone, and has them.
    """
    own = ", ".join(ALGORITHMS)
    server = ", ".join(f"{language} ({name})" for language, name in found.items())
    lacks = ", ".join(
        f"{language} ({names[0]})"
        for language, names in ANALYZERS.items()
        if settings.analyzers == "auto" and found.get(language, "cjk") == "cjk"
    )
    return (
        f"search: newswire's own word forms for {own}"
        + (f"; the server's for {server}" if server else "")
        + (
            f"; the server has, or shows these credentials, no analyzer for {lacks}"
            if lacks
            else ""
        )
    )


def _has(client: Elasticsearch, analyzer: str) -> bool | None:
    """Return whether the server has an analyzer; None if the credentials may not ask."""
    try:
        client.indices.analyze(analyzer=analyzer, text="a")
    except ApiError as error:
        if error.meta.status == 403:
            return None
        if error.meta.status not in (400, 404):
            raise
        return False
    return True
