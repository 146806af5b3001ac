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
slug say it, `inferred` where a model does (below). The facet and filter `topic` count level 1 and
match both levels by name or code; the page, the command line, the API and Kibana have it.

## Sent topics

- **Media topics** (`medtop`). A code of the first or second level is itself. Of a deeper one only
  the first level is known, by its number; of a number above 20001131 that is not in the table
  below, nothing.
- **Subject codes** (`subj`, `iptc_subject_code`). The first two digits are the topic; the subject
  matter (five digits and 000) is level 2, with a name where the wire sends one.
- **Abbreviations, letters, words and slugs**: the tables below. Whatever is in no table says
  nothing.

A killed story has no topics.

## Inferred topics

A story that the wire sent without any of these (RSS, teletype, mail) gets up to three topics of
the first level from a linear model: one logistic regression for each topic over the words of
headline and body (their first 400), the beginnings of long words, and names (pairs of capitalised
words), but not the dateline. What the wire sent is never overruled or added to. Each inferred
topic has a `confidence`, calibrated on held-out stories (Platt); below 0.5, or where the story's
words hardly speak for the topic, there is none. `provenance.topics` says which model it was: its
name and a digest of its weights.

The **starter model** comes with newswire. It learned from 112 stories and from lists of words
(English, and shorter ones in German, French and Spanish), all written for it
(`tests/evaluation/topics`, `python -m tests.evaluation.topics.starter` makes the file). On 76
held-out stories of our own, English, short, four for each topic and eight without any: precision
0.935, recall 0.853, micro F1 0.892, macro F1 0.871. Human interest (F1 0.333), arts (0.400) and
environment (0.667) are its worst: their words are the least typical. On 30 stories with codes of
agencies' public sample deliveries, in several languages and with up to eight topics each:
precision 0.850, recall 0.354, micro F1 0.500, macro F1 0.293. It is silent rather than wrong: in
languages that it has no words of, it says nothing. `make evaluate` measures it, and
[quality](quality.md#topics) has the figures by topic and the reliability table. A story costs
0.1 ms, one of 400 words 0.5 ms.

A **model of your own** is better on your wires:

    newswire topics train                  # from the enriched topic
    newswire topics train stories.jsonl    # from what `newswire parse` prints

learns from the last 20,000 stories that your wires sent with codes, without withdrawn and
embargoed ones and feeds with `machine_use = false`; it takes over the 240 words that say most of
each topic to the starter, so that few stories are enough (76 of our own, answered in fifths: micro
F1 0.841, without these words 0.000) and topics that your wires never send are known as well. It
prints precision, recall and F1 by topic, micro and macro, and a reliability table: of each fifth
of the stories in turn (of more than 5,000 stories, of one fifth), answered by a model that has not
seen them. Copies of one story that two wires send may be on both sides, which flatters it. Equal
stories give an equal file. Then set `enrichment.topics_file` and, to infer the topics of stored
stories again, raise `enrichment.revision` and run `newswire replay`.

## Tables

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
