"""A cluster under torture: three brokers, three nodes, every fault of a host once, in any order."""

from __future__ import annotations

import logging
import random
import time
from dataclasses import asdict, replace
from pathlib import Path

from pipeline.setup import setup
from tests.servers.cluster import Cluster
from tests.torture import check
from tests.torture.model import Wire, wire
from tests.torture.nodes import Striker, Trouble
from tests.torture.programs import Supervisor
from tests.torture.pulses import Pulses
from tests.torture.run import Result, Say, differences, over_bounds
from tests.torture.site import Site

log = logging.getLogger(__name__)

REPLICATED = {
    "NEWSWIRE_TOPICS__REPLICATION": "3",
    "NEWSWIRE_TOPICS__MIN_INSYNC_REPLICAS": "2",
    "NEWSWIRE_ELASTICSEARCH__SHARDS": "3",
    "NEWSWIRE_ELASTICSEARCH__REPLICAS": "1",
}
"""All that differs from the defaults: what takes a pause to end is newswire's own."""

CALM_SECONDS = 5.0
FOUND_SECONDS = 120.0


def torture(running: Cluster, folder: Path, seed: int, stories: int, say: Say) -> Result:
    """One seed: its wire while each fault comes once, then the comparison with the model."""
    began = time.monotonic()
    made = wire(seed, stories)
    result = Result(seed, 0, 0, 0, len(made.damaged))
    name = f"cluster-{seed}-{int(time.time()) % 100_000}"
    brokers = dict.fromkeys(("connectors", "workers", "operator"), ",".join(running.kafka))
    urls = dict.fromkeys(brokers, ",".join(running.elasticsearch))
    site = Site(name, folder / name, folder / name / "data", brokers, urls, REPLICATED)
    setup(site.settings)
    supervisor = Supervisor(site.environ("operator"), site.folder)
    supervisor.start()
    try:
        site.begin(supervisor)
        supervisor.keep(site.worker(1))
        made = _strike(running, site, supervisor, made, say, result)
        say("settling", 1)
        result.settled_seconds = round(check.settle(site), 1)
        say("comparing", 1)
        result.differences += differences(site, supervisor, made)
    except check.NotSettled as error:
        result.differences.append(f"not settled: {error}")
    except Exception as error:
        # Nothing was compared: that proves nothing, and the next seed may still be run.
        log.exception("the torture failed", extra={"seed": seed})
        result.differences.append(f"not compared: {error!r}")
    finally:
        supervisor.stop()
        result.restarts, result.repairs = supervisor.restarts, supervisor.repairs
        result.peaks = {kind: asdict(peak) for kind, peak in supervisor.peaks.items()}
        result.differences += over_bounds(supervisor.peaks)
    result.stories = len(made.stories)
    result.versions = sum(len(story.versions) for story in made.stories)
    result.deliveries = sum(map(len, site.written.values()))
    result.seconds = round(time.monotonic() - began, 1)
    return result


def _strike(
    running: Cluster, site: Site, supervisor: Supervisor, made: Wire, say: Say, result: Result
) -> Wire:
    """Bring each fault about, in an order of the seed's; returns the wire with all its pulses."""
    rng = random.Random(f"troubles {result.seed}")
    pulses = Pulses(site, running.elasticsearch, result.seed, list(made.deliveries))
    due = list(Striker(running, supervisor, rng).troubles())
    rng.shuffle(due)
    times: list[tuple[Trouble, float, float]] = []
    pulses.start()
    try:
        time.sleep(CALM_SECONDS)
        pulses.wait_until_found(FOUND_SECONDS)
        for number, trouble in enumerate(due):
            say(trouble.kind, number / len(due))
            log.info("fault", extra={"kind": trouble.kind, "lasts": 0})
            began = time.monotonic()
            trouble.strike()
            struck = time.monotonic()
            running.wait_until_whole()
            whole = time.monotonic()
            pulses.wait_until_found(FOUND_SECONDS)
            ended = time.monotonic()
            times.append((trouble, began, ended))
            result.faults[trouble.kind] = result.faults.get(trouble.kind, 0) + 1
            log.info(
                "taken back",
                extra={
                    "kind": trouble.kind,
                    "lasts": f"{struck - began:.1f} + {whole - struck:.1f} + {ended - whole:.1f}",
                },
            )
            time.sleep(CALM_SECONDS)
    finally:
        pulses.stop(FOUND_SECONDS)
    for trouble, began, ended in times:
        # A story that comes just before a fault meets it too.
        longest = round(pulses.longest(began - 2, ended), 1)
        if trouble.goes_on:
            result.pauses[trouble.kind] = max(result.pauses.get(trouble.kind, 0.0), longest)
        else:
            result.notes.append(f"{trouble.kind}: a story was found after {longest} s")
    return replace(made, stories=(*made.stories, *pulses.stories))
