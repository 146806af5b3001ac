"""How near the whole comes to a bare loop over the model, and what a writethru stream gains."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from pipeline.enrich.enricher import Enricher, load
from pipeline.enrich.model import REMEMBERED
from pipeline.wire import codec
from pipeline.wire.story import Story
from tests.bench.flow import Flow, timed
from tests.bench.peers import quix
from tests.bench.rig import rig
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream

BATCH = 8
"""Stories that the bare loop takes at once: three times the text of the worker's batches."""
QUIX_SHARE = 3
"""Quix Streams is given a third of the stories."""


def report(where: Where, sizes: Sizes) -> str:
    """The section on efficiency, with the gain on writethrus."""
    single = stream(sizes.enriched)
    versions = stream(max(1, sizes.enriched // 3), versions=6, seed=2)
    with rig(where.engine, where.folder) as system:
        # Half of it before and half after, for a machine's pace changes as it is measured.
        half = len(single) // 2
        first = _bare(load(system.settings), single[:half])
        whole = timed(system, (), single)
        kept = system.kept_bytes()
        model = system.settings.enrichment.model
        of_quix = quix(system, max(1, len(single) // QUIX_SHARE), len(single), model)
        then = _bare(load(system.settings), single[half:])
        bare, bare_cpu = len(single) / (first[0] + then[0]), first[1] + then[1]
    with rig(where.engine, where.folder) as system:
        repeated = timed(system, (), versions)
        took, bare_versions_cpu = _bare(load(system.settings), versions)
        bare_versions = len(versions) / took
    own = _own(whole)
    chars = sum(len(s.body) for s in single) / len(single)
    return f"""## Efficiency

`python -m tests.bench efficiency`

{whole.stories} stories of {chars:,.0f} characters, no paragraph twice, one NLP process, published
to real Kafka and found in real Elasticsearch, beside a loop over the same enrichment in one
process, {BATCH} stories at a time, and beside Quix Streams, which asks the same model for names,
text by text, and indexes them with its Elasticsearch sink: no versions, no places.

| | stories/s | CPU ms a story | of the servers |
|---|---|---|---|
| bare loop | {bare:.1f} | {1e3 * bare_cpu / len(single):.1f} | |
| published to searchable | {whole.rate:.1f} | {1e3 * own:.1f} \
| {1e3 * whole.servers / whole.stories:.1f} |
| Quix Streams | {of_quix.rate:.1f} | {of_quix.costs} |

- With the servers' time in (by the clock): **{whole.rate / bare:.2f}** of the bare loop.
- With it out (by our own processes' CPU time): **{bare_cpu / len(single) / own:.2f}**.

{_costs(whole)}

Bytes a story, as JSON {_json_bytes(single):,.0f}; on disk {_bytes(kept, whole.stories)}.

## Writethrus

{len(versions)} stories, 6 versions each, 90% of paragraphs kept from one version to the next; up to
{REMEMBERED:,} paragraphs remembered in each NLP process.

| | single, stories/s | writethrus, stories/s | gain | CPU ms a story, single | writethrus | gain |
|---|---|---|---|---|---|---|
| bare loop | {bare:.1f} | {bare_versions:.1f} | {bare_versions / bare:.1f} \
{_gain(bare_cpu / len(single), bare_versions_cpu / len(versions))}
| published to searchable | {whole.rate:.1f} | {repeated.rate:.1f} \
| {repeated.rate / whole.rate:.1f} {_gain(own, _own(repeated))}
"""


def _bare(enricher: Enricher, stories: Sequence[Story]) -> tuple[float, float]:
    """Seconds by the clock, and of processor time."""
    enricher.enrich(stream(8, seed=98))
    began, cpu = time.monotonic(), time.process_time()
    for at in range(0, len(stories), BATCH):
        enricher.enrich(stories[at : at + BATCH])
    return time.monotonic() - began, time.process_time() - cpu


def _own(flow: Flow) -> float:
    """Processor seconds a story of our own processes."""
    return (flow.worker + flow.nlp + flow.publisher) / flow.stories


def _gain(single: float, repeated: float) -> str:
    return f"| {1e3 * single:.1f} | {1e3 * repeated:.1f} | {single / repeated:.1f} |"


def _json_bytes(stories: Sequence[Story]) -> float:
    return sum(len(codec.encode(story)) for story in stories) / len(stories)


def _bytes(kept: Mapping[str, int], stories: int) -> str:
    return ", ".join(f"{name} {size / stories:,.0f}" for name, size in sorted(kept.items()))


def _costs(flow: Flow) -> str:
    return (
        f"CPU milliseconds a story: NLP process {flow.per_story(flow.nlp)}, worker "
        f"{flow.per_story(flow.worker)}, publisher {flow.per_story(flow.publisher)}, Kafka "
        f"{flow.per_story(flow.broker)}, Elasticsearch {flow.per_story(flow.index)}."
    )
