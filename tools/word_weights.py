"""`python tools/word_weights.py wordfreq-3.1.1-py3-none-any.whl`: the table of word weights.

Takes the wheel of wordfreq (`pip download --no-deps wordfreq==3.1.1`), reads its small lists of
seven languages and writes pipeline/events/data/words.npz: for each folded word a hash and its
frequency in the language that uses it most. Raise `weights.VERSION` with it.
"""

from __future__ import annotations

import gzip
import sys
import zipfile
from pathlib import Path

import msgspec
import numpy as np

from pipeline.events.weights import STEPS, fold, word_hash

TARGET = Path(__file__).parents[1] / "pipeline" / "events" / "data" / "words.npz"
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")


def frequencies(wheel: zipfile.ZipFile, language: str) -> dict[str, float]:
    """Returns the Zipf frequency of each word.

    The list holds words by hundredths of a power of ten.
    """
    packed = wheel.read(f"wordfreq/data/small_{language}.msgpack.gz")
    _header, *groups = msgspec.msgpack.decode(gzip.decompress(packed))
    return {word: 9 - step / 100 for step, group in enumerate(groups) for word in group}


def main(path: str) -> None:
    """Write the table."""
    steps: dict[int, int] = {}
    with zipfile.ZipFile(path) as wheel:
        for language in LANGUAGES:
            for word, zipf in frequencies(wheel, language).items():
                if folded := fold(word):
                    key = word_hash(folded)
                    steps[key] = max(steps.get(key, 0), round(zipf * STEPS))
    hashes = sorted(steps)
    np.savez_compressed(
        TARGET,
        hashes=np.array(hashes, np.uint32),
        steps=np.array([steps[key] for key in hashes], np.uint8),
    )
    print(f"{len(hashes)} words, {TARGET.stat().st_size} bytes: {TARGET}")


if __name__ == "__main__":
    main(sys.argv[1])
