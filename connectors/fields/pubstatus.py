"""Publishing status words, to what may be done with a story.

Sources: NewsCodes "Publishing Status" (stat:usable, withheld, canceled) of NewsML-G2 and ninjs;
NewsML 1.2 topic set IptcStatus (Usable, Embargoed, Withheld, Canceled); NITF 3.6
docdata/@management-status; the states of Superdesk, WordPress, Arc and other newsroom systems
(general knowledge).

A word that is in no table holds the story: a restriction that is not understood restricts. A feed
adds its own words (`status_words`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.wire.story import Signal, Status

_USABLE = """
    usable published publish live final approved ok okay released release active available public
    ready corrected correction updated update new current normal open completed complete done
    unembargoed reinstated permitted free
"""
_HELD = """
    embargoed embargo held hold onhold withhold embargohold draft autodraft pending scheduled future
    inprogress submitted unapproved private internal restricted notready
"""
_WITHDRAWN = """
    withheld withdrawn withdraw withdrawal recalled recall replaced superseded retracted retract
    retraction spiked spike unpublished unpublish removed remove revoked suppressed takedown trash
    trashed archivedwithdrawn
"""
_KILLED = "canceled cancelled cancel killed kill deleted delete"
_WORDS: Mapping[str, tuple[Status, Signal | None]] = {
    # Withheld: not to be published until further notice, and taken back if it was.
    word: meaning
    for words, meaning in (
        (_USABLE, (Status.USABLE, None)),
        (_HELD, (Status.EMBARGOED, None)),
        (_WITHDRAWN, (Status.WITHDRAWN, Signal.WITHDRAW)),
        (_KILLED, (Status.WITHDRAWN, Signal.KILL)),
    )
    for word in words.split()
}
TIMED = frozenset(("embargoed", "embargo", "scheduled", "future"))
"""Words of an embargo, which ends at the time that the wire gives."""


def of_word(
    sent: str | None, words: Mapping[str, Status] | None = None
) -> tuple[Status, Signal | None]:
    """Returns the status, and the signal of a word that takes a story back.

    An absent word is usable, the default of all the standards; an unknown one holds the story.

    Args:
        sent: the wire's word, with or without a prefix: "Canceled", "stat:canceled", or a URI.
        words: the feed's own words.
    """
    if not (sent or "").strip():
        return Status.USABLE, None
    word = bare(sent)
    for own, status in (words or {}).items():
        if bare(own) == word:
            return status, Signal.WITHDRAW if status is Status.WITHDRAWN else None
    return _WORDS.get(word, (Status.EMBARGOED, None))


def bare(sent: str | None) -> str:
    """Returns a word without prefix, case and punctuation: "onhold" of "stat:On hold"."""
    word = re.split(r"[:/#]", (sent or "").strip().rstrip("/"))[-1]
    return re.sub(r"[\W_]+", "", word.casefold())
