"""`python -m tests.integration.upgrade`: makes `previous.json`.

The older commit's processes read deliveries of the demo on real servers, and are stopped.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from newswire.servers.process import folder_for_servers
from tests.integration.upgrade.previous import COMMIT, FILE, FIRST, THEN, WAITING, State, checkout
from tests.integration.wire import Wire
from tests.servers import engine


def main() -> int:
    """0 when the file is written."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = checkout(folder / "code")
        if old is None:
            print(f"commit {COMMIT} is not in this checkout's history", file=sys.stderr)
            return 1
        with folder_for_servers() as servers, engine("real", servers) as running:
            wire = installation(Wire(running, "upgradefixture", folder / "data", root=old))
            run(wire, old / "config" / "demo")
            State.of(wire).save(wire)
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")
    return 0


def installation(wire: Wire) -> Wire:
    """Give an installation a drop folder and an alert."""
    drop = wire.folder / "drop"
    drop.mkdir(parents=True)
    feeds, alerts = wire.folder / "feeds.toml", wire.folder / "alerts.toml"
    feeds.write_text(
        f'[feeds.demo]\nsource = "directory"\npath = "{drop}"\nformat = "auto"\n'
        'agency = "Demo Wire"\n'
    )
    alerts.write_text('[alerts.all]\ntopic = true\nq = "bridge OR water OR port"\n')
    wire.extra |= {
        "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(feeds),
        "NEWSWIRE_ALERTS__FILE": str(alerts),
    }
    return wire


def run(wire: Wire, demo: Path) -> None:
    """Let its processes take the deliveries; the last ones come when its worker is down."""
    with wire.worker("newswire", "setup") as setup:
        assert setup.wait() == 0, setup.told()
    published = partial(count, wire, *wire.topics.lanes)
    with wire.worker("connectors") as connectors, wire.worker("pipeline.alerts") as alerts:
        with wire.worker("pipeline") as worker:
            for names in (FIRST, THEN):
                expected = published() + len(names)
                deliver(wire, demo, names)
                connectors.until(partial(reached, published, expected))
                worker.until(partial(taken, wire))
            alerts.until(lambda: count(wire, wire.topics.alerts) > 0)
            assert worker.terminate() == 0
        expected = published() + len(WAITING)
        deliver(wire, demo, WAITING)
        connectors.until(partial(reached, published, expected))
        assert connectors.terminate() == 0
        assert alerts.terminate() == 0


def reached(published: Callable[[], int], expected: int) -> bool:
    """Whether so many stories are published."""
    return published() >= expected


def taken(wire: Wire) -> bool:
    """Whether the group has taken all stories and what became of them."""
    return wire.committed() >= count(wire, *wire.topics.lanes, wire.topics.enriched)


def count(wire: Wire, *topics: str) -> int:
    """How many records some topics hold."""
    return sum(len(wire.messages(topic)) for topic in topics)


def deliver(wire: Wire, demo: Path, names: tuple[str, ...]) -> None:
    """Put files into its drop folder."""
    for name in names:
        part = wire.folder / f"{name}.part"
        shutil.copy(demo / name, part)
        part.rename(wire.folder / "drop" / name)


if __name__ == "__main__":
    sys.exit(main())
