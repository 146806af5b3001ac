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


PERIOD = 12
"""Rows after which OpenBLAS's kernels repeat: see `FixedShapeOps`."""


class Tokens(NamedTuple):
    """The tokens of a batch of texts, one text after the other."""

    starts: Ints
    """Offset of each token in its text."""
    ends: Ints
    spaces: NDArray[np.bool_]
    """Whether a token is white space, where no name begins."""
    last: NDArray[np.bool_]
    """Whether a token is the last of its text."""
    rows: Ints
    """Row of each token in the matrices."""
    lengths: Sequence[int]
    """Tokens of each text."""


class Recogniser:
    """The component `ner` of a spaCy pipeline, with the layers that make vectors of its tokens.

    Args:
        nlp: a pipeline that `reads` accepts.
    """

    def __init__(self, nlp: Any) -> None:
        self._nlp = nlp
        model = nlp.get_pipe("ner").model
        self._ops = model.ops
        vectors = _layers(model)
        self._columns = vectors[0].attrs["columns"]
        *self._embed, self._encode = (x.layers[0] for x in vectors if x.name.startswith("with_arr"))
        self._narrow = vectors[-1]
        lower, upper = model.get_ref("lower"), model.get_ref("upper")
        # Of a token as the first of a state, as the first of its name, and as the one before.
        weights = lower.get_param("W")
        width = weights.shape[1] * weights.shape[2]
        order = np.arange(width).reshape(weights.shape[1:3]).T.ravel()  # piece by piece
        self._lower = weights.reshape(len(weights), width, -1)[:, order].reshape(-1, self._width)
        self._pad = lower.get_param("pad")[0].reshape(len(weights), width)[:, order]
        self._bias = lower.get_param("b").reshape(width)[order]
        self._pieces = weights.shape[2]
        moves = _moves(nlp.get_pipe("ner"))
        numbers = {move: i for i, move in enumerate(moves)}
        # A unit without a label is an action that no token gets here: see spaCy's ner.pyx.
        outside = [i for i, (action, label) in enumerate(moves) if action == "O" or (
            action in "BU" and label)]  # fmt: skip
        self._labels = [moves[i][1] for i in outside]
        self._begins = np.array([moves[i][0] == "B" for i in outside])
        self._none = next(n for n, i in enumerate(outside) if moves[i][0] == "O")
        inside = [[numbers.get((action, label), 0) for action in "IL"] for label in self._labels]
        weights, bias = upper.get_param("W"), upper.get_param("b")
        self._outside, self._outside_bias = weights[outside], bias[outside]
        self._inside, self._inside_bias = weights[inside], bias[inside]

    @property
    def _width(self) -> int:
        width: int = self._narrow.get_dim("nO")
        return width

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """Returns the names of each text, with the model's labels, in order."""
        docs = [self._nlp.make_doc(text) for text in texts]
        tokens = _tokens(docs, len(self._encode.layers))
        if not len(tokens.rows):
            return [[] for _ in texts]
        return list(self._names(tokens, *self._decoded(tokens, self._vectors(docs, tokens))))

    def _vectors(self, docs: Sequence[Any], tokens: Tokens) -> Floats:
        """Returns the vectors of the tokens, in their rows.

        A text begins at a row where the kernels do, behind enough empty rows to hear of no other.
        """
        size = int(tokens.rows[-1]) + 1 + PERIOD
        features = np.zeros((size, len(self._columns)), dtype=np.uint64)
        features[tokens.rows] = np.vstack([doc.to_array(self._columns) for doc in docs])
        vectors = features
        for layer in self._embed:
            vectors = layer.predict(vectors)
        alone = np.zeros_like(vectors)
        alone[tokens.rows] = vectors[tokens.rows]
        narrow: Floats = self._narrow.predict(self._encode.predict(alone))
        return narrow

    def _decoded(self, tokens: Tokens, vectors: Floats) -> tuple[Ints, Ints]:
        """Returns for each token the action that it would get outside a name, and the last token
        of the name that it would begin."""
        first, opening, before = np.split(
            self._ops.gemm(vectors, self._lower, trans2=True)[tokens.rows], 3, axis=1
        )
        hidden = np.zeros((len(vectors), self._outside.shape[1]), dtype=np.float32)
        hidden[tokens.rows] = self._hidden(first + self._pad[1] + self._pad[2])
        scores = self._ops.gemm(hidden, self._outside, trans2=True)[tokens.rows]
        scores += self._outside_bias
        scores[np.ix_(tokens.last, self._begins)] = -np.inf
        actions = scores.argmax(axis=1)
        actions[tokens.spaces] = self._none
        ends = np.arange(len(actions))
        begun = np.flatnonzero(self._begins[actions])
        at = begun + 1
        while len(begun):
            hidden = self._hidden(first[at] + opening[begun] + before[at - 1])
            label = actions[begun]
            both = (hidden[:, None] * self._inside[label]).sum(axis=2) + self._inside_bias[label]
            ended = (both[:, 1] > both[:, 0]) | tokens.last[at]
            ends[begun[ended]] = at[ended]
            begun, at = begun[~ended], at[~ended] + 1
        return actions, ends

    def _hidden(self, summed: Floats) -> Floats:
        """Returns the largest pieces of states, given the sums of their features."""
        largest: Floats = np.maximum.reduce(np.split(summed + self._bias, self._pieces, axis=1))
        return largest

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
    """Returns whether a pipeline finds names by a recogniser of layers that are known here.

    spaCy's small pipelines do. Those with static vectors, transformers or rules do not.
    """
    if nlp.pipe_names != ["ner"]:
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
        and [layer.name.partition("(")[0] for layer in _layers(model)] == _LAYERS
        and {node.attrs.get("window_size", 1) for node in model.walk()} == {1}
    )


_LAYERS = [
    "extract_features", "list2ragged", "with_array", "with_array", "ragged2list", "with_array",
    "list2array", "linear",
]  # fmt: skip


def _layers(model: Any) -> list[Any]:
    """Returns the layers that make vectors of tokens, in order, with chains taken apart."""
    found: list[Any] = []
    waiting = [model.get_ref("tok2vec")]
    while waiting:
        layer = waiting.pop()
        if ">>" in layer.name and not layer.name.startswith("with_array"):
            waiting += reversed(layer.layers)
        else:
            found.append(layer)
    return found


def _moves(ner: Any) -> list[tuple[str, str]]:
    """Returns action and label of each of a recogniser's outputs, in their order."""
    return [
        ("MBILUO"[action], label)
        for action, labels in sorted(ner.moves.labels.items())
        for label in labels
    ]


def _tokens(docs: Sequence[Any], depth: int) -> Tokens:
    """Returns the tokens of a batch.

    Args:
        depth: layers of which each looks one token to either side.
    """
    found = np.vstack([doc.to_array(["IDX", "LENGTH", "IS_SPACE"]) for doc in docs])
    starts, sizes, spaces = found.astype(np.int64).T
    lengths = [len(doc) for doc in docs]
    last = np.zeros(len(found), dtype=bool)
    last[np.cumsum([n for n in lengths if n], dtype=int) - 1] = True
    rows: list[Ints] = []
    end = 0
    for length in lengths:
        begin = -(-(end + depth) // PERIOD) * PERIOD
        end = begin + length
        rows.append(np.arange(begin, end))
    return Tokens(starts, starts + sizes, spaces.astype(bool), last, np.concatenate(rows), lengths)
