"""A spaCy model as a reader of paragraphs: names out, and no paragraph read twice.

The model reads each paragraph by itself, whatever stands beside it in the story or in the
batch, so what it finds there is a function of the paragraph's text alone. That makes it
worth remembering: a writethru keeps most paragraphs of the version before, agencies share
them, and notes to readers come again every day. A remembered answer is the one that the
model would give, to the bit: see `FixedShapeOps`.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import spacy
from numpy.typing import NDArray
from thinc.api import NumpyOps, registry, use_ops

from pipeline.enrich.mentions import Span, cleaned, people_cut
from pipeline.enrich.recogniser import Recogniser, reads
from pipeline.wire.errors import SetupError
from pipeline.wire.labels import Label, of_model

REMEMBERED = 100_000
"""Paragraphs that a model keeps the names of: about a day of a large agency, some 30 MB."""
BATCH_CHARS = 16_000
"""Text that the model is given at once: from here on, more text gains no speed."""

UNUSED = ("tagger", "parser", "attribute_ruler", "lemmatizer", "senter")
"""Components that find no names."""
_LABELS = tuple(label.value for label in Label)
_LABEL_NUMBERS = {label: number for number, label in enumerate(_LABELS)}


class Model:
    """A named-entity model, loaded once for the life of a process.

    Args:
        name: an installed spaCy pipeline package, or a path.
        remembered: paragraphs to keep the answers for; 0 keeps none.

    Raises:
        SetupError: the model is not installed.
    """

    def __init__(self, name: str, remembered: int = REMEMBERED) -> None:
        self.nlp = _load(name)
        meta = self.nlp.meta
        self.identity = f"{meta['lang']}_{meta['name']} {meta['version']}"
        self._recogniser = Recogniser(self.nlp) if reads(self.nlp) else None
        self._remembered = remembered
        self._memory: OrderedDict[bytes, array[int]] = OrderedDict()

    def remembers(self, text: str) -> bool:
        """Return whether the answer for a paragraph is in the cache."""
        return _key(text) in self._memory

    def read(self, texts: Iterable[str]) -> dict[str, list[Span]]:
        """Return what the model takes for names in each paragraph, cleaned, at offsets in it.

        Args:
            texts: paragraphs, of any number of stories.
        """
        keys = {text: _key(text) for text in texts}
        found: dict[str, array[int]] = {}
        for text, key in keys.items():
            if (known := self._memory.get(key)) is not None:
                self._memory.move_to_end(key)
                found[text] = known
        for batch in batches([text for text in keys if text not in found]):
            for text, spans in zip(batch, self._spans(batch), strict=True):
                found[text] = self._memory[keys[text]] = self._packed(spans, text)
        while len(self._memory) > self._remembered:
            self._memory.popitem(last=False)
        return {text: _unpacked(packed) for text, packed in found.items()}

    def _spans(self, texts: Sequence[str]) -> Iterable[list[Span]]:
        """Return the pipeline's names in each text."""
        if self._recogniser is not None:
            return self._recogniser.spans(texts)
        return (
            [(e.start_char, e.end_char, e.label_) for e in doc.ents]
            for doc in self.nlp.pipe(texts, batch_size=len(texts))
        )

    def _packed(self, spans: Sequence[Span], text: str) -> array[int]:
        """Return the spans of known labels, cleaned: start, end, number of the label, start, ..."""
        found = [(s, e, label.value) for s, e, name in spans if (label := of_model(name))]
        names = cleaned(found, text)
        if self.nlp.lang != "en":
            names = people_cut(names, text)
        return array(
            "I", [n for start, end, label in names for n in (start, end, _LABEL_NUMBERS[label])]
        )


def _key(text: str) -> bytes:
    # A story's text may hold a lone surrogate: no reason to fail here.
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def batches(texts: Sequence[str], most: int = BATCH_CHARS) -> Iterator[list[str]]:
    """Yield paragraphs in order, in batches of at most so many characters, or of one paragraph."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and size + len(text) > most:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _unpacked(packed: array[int]) -> list[Span]:
    return [
        (start, end, _LABELS[label])
        for start, end, label in zip(packed[::3], packed[1::3], packed[2::3], strict=True)
    ]


@registry.ops("newswire")
class FixedShapeOps(NumpyOps):  # type: ignore[misc]
    """Matrix products by numpy's BLAS in blocks of one shape, whatever the batch.

    OpenBLAS is about twice as fast here as the BLIS that spaCy comes with. But it takes
    other kernels for small matrices, and for the rows at the end of a block, which round
    differently, so that what a paragraph gives would depend on what is read beside it. In blocks
    of one shape, a multiple of 12, what a row gives depends on the row and on its place modulo 12,
    whichever kernel OpenBLAS takes for the processor: `pipeline.enrich.recogniser` lays every
    paragraph out from such a place on.
    """

    name = "newswire"
    BLOCK = 192

    def gemm(
        self,
        x: NDArray[np.float32],
        y: NDArray[np.float32],
        out: NDArray[np.float32] | None = None,
        trans1: bool = False,
        trans2: bool = False,
    ) -> NDArray[np.float32]:
        """Multiply two matrices, as `thinc.backends.ops.Ops.gemm` does."""
        left, right = (x.T if trans1 else x), (y.T if trans2 else y)
        rows = len(left)
        if out is None:
            out = np.empty((rows, right.shape[1]), dtype=left.dtype)
        whole = rows - rows % self.BLOCK
        for at in range(0, whole, self.BLOCK):
            np.dot(left[at : at + self.BLOCK], right, out=out[at : at + self.BLOCK])
        if whole < rows:
            last = np.zeros((self.BLOCK, left.shape[1]), dtype=left.dtype)
            last[: rows - whole] = left[whole:]
            out[whole:] = np.dot(last, right)[: rows - whole]
        return out


def _load(name: str) -> Any:
    """Return the pipeline of that name with only the components that find names."""
    try:
        with use_ops("newswire"):
            nlp = spacy.load(name, exclude=UNUSED)
    except OSError as error:
        raise SetupError(f"the spaCy model {name} is not installed: pip install {name}") from error
    vectors: Any = nlp.get_pipe("tok2vec") if "tok2vec" in nlp.pipe_names else None
    if vectors is not None and not vectors.listeners:
        nlp.remove_pipe("tok2vec")  # the small models' NER has vectors of its own
    return nlp
