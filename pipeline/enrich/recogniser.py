"""spaCy's entity recogniser without its parser: the same names, a whole batch at a time.

spaCy decodes token by token, and asks for each of 70 actions whether it is valid. Few actions need
that: outside a name the scores depend on the token alone, and within one the choice is to go on or
to end. So all tokens are scored as if they stood outside a name, in one matrix product, and then
all names that may begin are followed at once, a token at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.mentions import Span

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Tokens(NamedTuple):
    """The tokens of a batch of texts, one text after the other."""

    starts: Ints
    """Offset of each token in its text."""
    ends: Ints
    spaces: NDArray[np.bool_]
    """Whether a token is white space, where no name begins."""
    last: NDArray[np.bool_]
    """Whether a token is the last of its text."""
    lengths: Sequence[int]
    """Tokens of each text."""


class Recogniser:
    """The component `ner` of a spaCy pipeline, with what the pipeline does before it.

    Args:
        nlp: a pipeline that `reads` accepts.
    """

    def __init__(self, nlp: Any) -> None:
        self._nlp = nlp
        ner = nlp.get_pipe("ner")
        self._before = [pipe for name, pipe in nlp.pipeline if name != "ner"]
        self._vectors = ner.model.get_ref("tok2vec")
        self._ops = ner.model.ops
        lower, upper = ner.model.get_ref("lower"), ner.model.get_ref("upper")
        # Of each token as the first, in a name its first, and the one before: one block per piece.
        weights = lower.get_param("W")
        width = weights.shape[1] * weights.shape[2]
        order = np.arange(width).reshape(weights.shape[1:3]).T.ravel()
        self._lower = [w.reshape(width, -1)[order] for w in weights]
        self._pad = lower.get_param("pad")[0].reshape(len(weights), width)[:, order]
        self._bias = lower.get_param("b").reshape(width)[order]
        self._pieces = weights.shape[2]
        self._upper, self._upper_bias = upper.get_param("W"), upper.get_param("b")
        moves = _moves(ner)
        numbers = {move: i for i, move in enumerate(moves)}
        # A unit without a label is an action that no token gets here: see spaCy's ner.pyx.
        outside = [i for i, (action, label) in enumerate(moves) if action == "O" or (
            action in "BU" and label)]  # fmt: skip
        self._outside = np.array(outside)
        self._labels = [moves[i][1] for i in outside]
        self._begins = np.array([moves[i][0] == "B" for i in outside])
        self._none = next(n for n, i in enumerate(outside) if moves[i][0] == "O")
        self._inside = np.array(
            [[numbers.get((action, label), 0) for action in "IL"] for label in self._labels]
        )

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """Returns the names of each text, with the model's labels, in order."""
        docs = [self._nlp.make_doc(text) for text in texts]
        for pipe in self._before:
            docs = list(pipe.pipe(docs))
        tokens = _tokens(docs)
        if not len(tokens.starts):
            return [[] for _ in texts]
        vectors = np.vstack(self._vectors.predict(docs))
        return list(self._names(tokens, *self._decoded(tokens, vectors)))

    def _decoded(self, tokens: Tokens, vectors: Floats) -> tuple[Ints, Ints]:
        """Returns for each token the action that it would get outside a name, and the last token
        of the name that it would begin."""
        first = self._product(vectors, self._lower[0])
        scores = self._scores(first + self._pad[1] + self._pad[2])[:, self._outside]
        scores[np.ix_(tokens.last, self._begins)] = -np.inf
        actions = scores.argmax(axis=1)
        actions[tokens.spaces] = self._none
        ends = np.arange(len(actions))
        begun = np.flatnonzero(self._begins[actions])
        chosen = self._inside[actions[begun]]
        opening = self._product(vectors[begun], self._lower[1])
        at = begun + 1
        while len(begun):
            before = self._product(vectors[at - 1], self._lower[2])
            both = np.take_along_axis(self._scores(first[at] + opening + before), chosen, axis=1)
            ended = (both[:, 1] > both[:, 0]) | tokens.last[at]
            ends[begun[ended]] = at[ended]
            begun, chosen, opening = begun[~ended], chosen[~ended], opening[~ended]
            at = at[~ended] + 1
        return actions, ends

    def _product(self, x: Floats, y: Floats) -> Floats:
        product: Floats = self._ops.gemm(np.ascontiguousarray(x), y, trans2=True)
        return product

    def _scores(self, summed: Floats) -> Floats:
        """Returns the scores of all actions from the sums of a state's features."""
        hidden = np.maximum.reduce(np.split(summed + self._bias, self._pieces, axis=1))
        scores: Floats = self._product(hidden, self._upper) + self._upper_bias
        return scores

    def _names(self, tokens: Tokens, actions: Ints, ends: Ints) -> Iterator[list[Span]]:
        """Yields the names of each text: the first that begins, then the first behind it."""
        begins = np.flatnonzero(actions != self._none).tolist()
        at = n = 0
        for length in tokens.lengths:
            found: list[Span] = []
            stop = at + length
            while n < len(begins) and begins[n] < stop:
                token = begins[n]
                n += 1
                if token >= at:
                    last = int(ends[token])
                    label = self._labels[actions[token]]
                    found.append((int(tokens.starts[token]), int(tokens.ends[last]), label))
                    at = last + 1
            at = stop
            yield found


def reads(nlp: Any) -> bool:
    """Returns whether a pipeline's names are those of a greedy recogniser of spaCy's own kind."""
    if "ner" not in nlp.pipe_names or set(nlp.pipe_names) - {"ner", "tok2vec"}:
        return False
    ner = nlp.get_pipe("ner")
    model: Any = getattr(ner, "model", None)
    return (
        getattr(ner, "cfg", {}).get("beam_width") == 1
        and model.name == "parser_model"
        and model.attrs["has_upper"]
        and not model.attrs["unseen_classes"]
        and model.get_ref("lower").get_dim("nF") == 3
        and len(_moves(ner)) == model.get_ref("upper").get_dim("nO")
    )


def _moves(ner: Any) -> list[tuple[str, str]]:
    """Returns action and label of each of a recogniser's outputs, in their order."""
    return [
        ("MBILUO"[action], label)
        for action, labels in sorted(ner.moves.labels.items())
        for label in labels
    ]


def _tokens(docs: Sequence[Any]) -> Tokens:
    rows = np.vstack([doc.to_array(["IDX", "LENGTH", "IS_SPACE"]) for doc in docs])
    starts, sizes, spaces = rows.astype(np.int64).T
    lengths = [len(doc) for doc in docs]
    last = np.zeros(len(rows), dtype=bool)
    last[np.cumsum([n for n in lengths if n], dtype=int) - 1] = True
    return Tokens(starts, starts + sizes, spaces.astype(bool), last, lengths)
