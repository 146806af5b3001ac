"""How long an NLP process is likely to take, by what it has been measured to take.

What costs is text that the process has not read: a paragraph that it remembers is nearly free, and
text of one language may be free where that of another asks a model. So each kind of text has a
price of its own, in seconds a character, which follows what batches took.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pipeline.wire.story import Story

READ = "read before"
"""The kind of text that the process has read; the other kinds are languages' tags."""
PARAGRAPHS = 50_000
"""That are known of a process: fewer than it remembers."""
KINDS = 256
"""Of text with a price. Feeds name languages, and may make them up."""
FALLS, RISES = 0.3, 1.0
"""How much of an error is believed: a price that is too low would hold an urgent story up."""

Text = Mapping[str, int]
"""Characters of each kind."""


class Pace:
    """The prices, and which paragraphs each process has read.

    Args:
        processes: how many.
        first: seconds a character of a kind that was not met yet.
    """

    def __init__(self, processes: int, first: float) -> None:
        self._first = first
        self._prices: dict[str, float] = {}
        self._read: list[dict[int, None]] = [{} for _ in range(processes)]

    def text(self, story: Story, process: int) -> Text:
        """Return what a story asks of a process."""
        read = self._read[process]
        found: Counter[str] = Counter()
        for paragraph in _paragraphs(story):
            found[READ if hash(paragraph) in read else story.language or ""] += len(paragraph)
        return found

    def seconds(self, text: Text) -> float:
        """Return what so much text is likely to take."""
        return sum(self._price(kind) * chars for kind, chars in text.items())

    def took(self, stories: Sequence[Story], process: int, seconds: float) -> None:
        """Take note of what a process has read just now, and in what time."""
        text: Counter[str] = Counter()
        for story in stories:
            text.update(self.text(story, process))
            self._remember(story, process)
        expected = self.seconds(text)
        error = seconds - expected
        believed = RISES if error > 0 else FALLS
        for kind, chars in text.items():
            if chars:
                # Each kind answers for the error by its share of what was expected.
                share = self._price(kind) * chars / expected
                price = self._price(kind) + believed * error * share / chars
                self._prices.pop(kind, None)
                self._prices[kind] = price
        while len(self._prices) > KINDS:
            del self._prices[next(iter(self._prices))]

    def forget(self, process: int) -> None:
        """Take note that a process is a new one."""
        self._read[process].clear()

    def _price(self, kind: str) -> float:
        return self._prices.get(kind, self._first)

    def _remember(self, story: Story, process: int) -> None:
        read = self._read[process]
        read.update(dict.fromkeys(map(hash, _paragraphs(story))))
        while len(read) > PARAGRAPHS:
            del read[next(iter(read))]


def _paragraphs(story: Story) -> Iterable[str]:
    return (story.headline or "", *story.body.split("\n\n"))
