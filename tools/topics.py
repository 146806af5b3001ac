"""`python -m tools.topics > docs/topics.md`: write the tables of topics."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from pipeline.enrich.topics.codes import ANPA, BELOW, LETTERS, SLUGS, TOP, WORDS

HEAD = """# Topics

<!-- Generated from pipeline/enrich/topics/codes.py by `python -m tools.topics`. -->

Wires say in a dozen vocabularies what a story is about. `topics` of an enriched story has it as
the 17 [media topics](https://cv.iptc.org/newscodes/mediatopic/) of the IPTC (level 1) and one
level below (level 2), each with its `relation`: `sent` where the wire's own codes, categories or
slug say it. The facet and filter `topic` count level 1 and match both levels by name or code; the
page, the command line, the API and Kibana have it.

- **Media topics** (`medtop`). A code of the first or second level is itself. Of a deeper one only
  the first level is known, by its number; of a number above 20001131 that is not in the table
  below, nothing.
- **Subject codes** (`subj`, `iptc_subject_code`). The first two digits are the topic; the subject
  matter (five digits and 000) is level 2, with a name where the wire sends one.
- **Abbreviations, letters, words and slugs**: the tables below. Whatever is in no table says
  nothing.

A killed story has no topics. A story without codes has none either: topics are not guessed.

Sources: IPTC NewsCodes (CC BY 4.0), NewsML 1.x and IIM for the abbreviations, ANPA Bulletin 1312,
the agencies' filing guides and deliveries; names of desks are general knowledge.

| code | topic | level 2 | abbreviations | one letter | AP slugs | words |
|---|---|---|---|---|---|---|
"""


def table() -> str:
    """Return the page."""
    rows = []
    for code, name in TOP.items():
        below = ", ".join(f"{n} ({c})" for c, (n, top) in BELOW.items() if top == code)
        cells = [_of(each, code) for each in (LETTERS, ANPA, SLUGS, WORDS)]
        rows.append(f"| `{code}` | {name} | {below} | {' | '.join(cells)} |\n")
    return HEAD + "".join(rows)


def _of(codes: Mapping[str, str], top: str) -> str:
    return ", ".join(code for code, of in codes.items() if of == top)


if __name__ == "__main__":
    sys.stdout.write(table())
