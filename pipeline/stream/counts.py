"""A message as the worker's steps see it, and the ports that they send through."""

from __future__ import annotations

import logging
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass
class Counts:
    """What a worker has done since it started."""

    received: int = 0
    enriched: int = 0
    stale: int = 0
    """Older or equal versions: told before enrichment, or refused by the index."""
    indexed: int = 0
    withdrawn: int = 0
    dead_letters: int = 0
    restored: int = 0
    """Newest versions written to the enriched topic again, after a late older one."""
