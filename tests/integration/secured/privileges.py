"""What each process must be allowed, no more: SECURITY.md says the same in words."""

from __future__ import annotations

from typing import Any

from kafka.admin import ACLOperation as Operation
from kafka.admin import ResourceType

from tests.servers.secured import Grant


def kafka(process: str, prefix: str) -> list[Grant]:
    """The grants of a process whose topics, and whose group, begin with a prefix."""
    stories, enriched = f"{prefix}.stories", f"{prefix}.enriched"
    prints, events = f"{prefix}.fingerprints", f"{prefix}.events"
    letters, alerts, refused = f"{prefix}.deadletter", f"{prefix}.alerts", f"{prefix}.refused"
    return {
        "setup": _topics(
            [prefix],
            Operation.CREATE,
            Operation.DESCRIBE,
            Operation.DESCRIBE_CONFIGS,
            Operation.ALTER_CONFIGS,
        ),
        "connectors": _topics([stories, letters], Operation.WRITE),
        "worker": [
            *_topics([stories, enriched, refused, prints, letters], Operation.READ),
            *_topics([enriched, refused, prints, events, letters], Operation.WRITE),
            *_topics([alerts], Operation.DESCRIBE),
            (Operation.READ, ResourceType.GROUP, prefix),
        ],
        "nobody": [],
    }[process]


def _topics(names: list[str], *operations: Operation) -> list[Grant]:
    return [(operation, ResourceType.TOPIC, name) for name in names for operation in operations]


def elasticsearch(process: str, index: str) -> dict[str, Any]:
    """The role of a process whose indices begin with a name."""

    def may(names: str, *privileges: str) -> dict[str, Any]:
        return {"names": [names], "privileges": list(privileges)}

    cluster, indices = {
        "setup": (["manage_index_templates", "monitor"], [may(f"{index}*", "manage")]),
        "worker": (
            [],
            [
                may(f"{index}*", "read", "index", "delete", "maintenance"),
            ],
        ),
        "reader": ([], [may(f"{index}*", "read")]),
        "nobody": ([], []),
    }[process]
    return {"cluster": cluster, "indices": indices}
