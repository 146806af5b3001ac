"""Which processes should run on a machine, and what is wrong with those that do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from config.alerts import load_alerts
from config.feeds import load_feeds
from config.settings import Settings
from pipeline.wire.errors import ConfigError

SILENT_SECONDS = 60.0
"""A process writes its status each second: after so long without one it hangs."""

_COMMANDS = {"connectors": "ingest", "worker": "worker", "alerts": "alerts"}


def faults(settings: Settings, processes: Sequence[dict[str, Any]]) -> list[str]:
    """Return what is wrong, one sentence each: nothing where every process makes progress.

    Args:
        processes: their status, as `pipeline.process.status.read_status` returns it.
    """
    running = {process["kind"] for process in processes}
    found = [
        f"no {kind} process runs on this machine: start `newswire {_COMMANDS[kind]}`, or take "
        f"{kind} out of status.processes"
        for kind in settings.status.processes
        if kind not in running and _has_work(settings, kind)
    ]
    found += _differing(processes)
    now = time.time()
    for process in processes:
        name = f"{process['kind']} {process['pid']}"
        if (silent := now - process.get("at", now)) > SILENT_SECONDS:
            found.append(f"{name} has written no status for {silent:.0f} s: it hangs")
        for what, why in (process.get("waiting") or {}).items():
            found.append(f"{name} waits for {what}: {why}")
        for story, why in (process.get("set_aside") or {}).items():
            found.append(f"{story} is set aside and tried again: {why}")
        for feed, counts in (process.get("feeds") or {}).items():
            if lost_at := counts.get("lost_at"):
                found.append(
                    f"Kafka lost stories that were pushed to feed {feed} before {lost_at}, and no "
                    "archive has them: have the sender send them again, then restart the connectors"
                )
    return found


def _differing(processes: Sequence[dict[str, Any]]) -> list[str]:
    """Return a sentence where workers, or the processes of one, use different models."""
    using: dict[str, list[str]] = {}
    for process in processes:
        for models in process.get("models") or ():
            using.setdefault(", ".join(models) or "none", []).append(f"worker {process['pid']}")
    if len(using) < 2:
        return []
    told = "; ".join(f"{' and '.join(dict.fromkeys(who))}: {what}" for what, who in using.items())
    return [f"the workers use different models ({told}): install the same, and restart them"]


def _has_work(settings: Settings, kind: str) -> bool:
    """Return whether there is something for a process: feeds for connectors, alerts for alerts."""
    try:
        if kind == "connectors":
            feeds = load_feeds(settings.connectors.feeds_file)
            return any(feed.enabled for feed in feeds.values())
        if kind == "alerts":
            return bool(load_alerts(settings.alerts.file))
    except ConfigError:  # the process itself names the fault; it does not run for it
        return True
    return True
