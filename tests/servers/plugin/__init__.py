"""Plugins that give the minimal Elasticsearch of the tests what a full distribution has.

Each is one Java source, compiled and installed where a test starts its server.
"""

from pathlib import Path

HERE = Path(__file__).parent

SECURITY = HERE / "SecurityIndexAnalysis.java"
"""Gives Elasticsearch's index of API keys its analyzer."""
ANALYZERS = HERE / "LanguageAnalyzers.java"
"""Lucene's analyzers of languages."""
SHAPES = HERE / "GeoShapes.java"
"""The field type geo_shape."""

NAMES = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pt": "portuguese",
    "nl": "dutch",
    "da": "danish",
    "no": "norwegian",
    "sv": "swedish",
    "fi": "finnish",
    "ru": "russian",
    "ar": "arabic",
}
"""The analyzer of each language that newswire has word forms of its own for, too."""
