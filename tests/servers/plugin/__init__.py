"""Plugins that give the minimal Elasticsearch of the tests what a full distribution has.

Each is one Java source, compiled and installed where a test starts its server.
"""

from pathlib import Path

from pipeline.index.stems import ALGORITHMS

HERE = Path(__file__).parent

SECURITY = HERE / "SecurityIndexAnalysis.java"
"""Gives Elasticsearch's index of API keys its analyzer."""
ANALYZERS = HERE / "LanguageAnalyzers.java"
"""Lucene's analyzers of languages."""
SHAPES = HERE / "GeoShapes.java"
"""The field type geo_shape."""

NAMES = {
    language: name for language, name in ALGORITHMS.items() if language not in ("el", "fa", "hi")
}
"""The analyzer of each language that newswire has word forms of its own for, too, by the name that
Snowball has for it as well; the plugin has none for Greek, Persian and Hindi."""
