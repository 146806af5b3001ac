"""Publishing status words of all the IPTC's standards, to what may be done with a story.

Sources: NewsCodes "Publishing Status" (stat:usable, withheld, canceled) of NewsML-G2 and ninjs;
NewsML 1.2 topic set IptcStatus (Usable, Embargoed, Withheld, Canceled); NITF 3.6
docdata/@management-status.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.wire.story import Signal, Status

_WORDS: Mapping[str, tuple[Status, Signal | None]] = {
    "usable": (Status.USABLE, None),
    "embargoed": (Status.EMBARGOED, None),
    # Withheld: not to be published until further notice, and taken back if it was.
    "withheld": (Status.WITHDRAWN, Signal.WITHDRAW),
    "withdrawn": (Status.WITHDRAWN, Signal.WITHDRAW),
    "withdraw": (Status.WITHDRAWN, Signal.WITHDRAW),
    "recalled": (Status.WITHDRAWN, Signal.WITHDRAW),
    "replaced": (Status.WITHDRAWN, Signal.WITHDRAW),
    "canceled": (Status.WITHDRAWN, Signal.KILL),
    "cancelled": (Status.WITHDRAWN, Signal.KILL),
    "cancel": (Status.WITHDRAWN, Signal.KILL),
    "killed": (Status.WITHDRAWN, Signal.KILL),
    "kill": (Status.WITHDRAWN, Signal.KILL),
    "deleted": (Status.WITHDRAWN, Signal.KILL),
}


def of_word(sent: str | None) -> tuple[Status, Signal | None]:
    """Returns the status, and the signal of one that takes a story back.

    Absent and unknown words are usable, the default of all the standards.

    Args:
        sent: the wire's word, with or without a prefix: "Canceled", "stat:canceled", or a URI.
    """
    word = (sent or "").strip().casefold().replace("/", ":").rpartition(":")[2]
    return _WORDS.get(word, (Status.USABLE, None))


def under(sent: Status, signal: Signal | None) -> Status:
    """Returns the status of a version, withdrawn where its signal says so."""
    return Status.WITHDRAWN if signal in (Signal.KILL, Signal.WITHDRAW) else sent
