"""`python -m tests.fakes.deaf_worker`: a worker that lives on and takes nothing.

So Faust's agents are known to end: connected, their group's members, and deaf.
"""

import asyncio
import sys
from typing import Any

from pipeline.__main__ import main
from tests.fakes.enricher import obedient


async def deaf(*_: Any) -> None:
    """In place of a batch's step."""
    await asyncio.Event().wait()


if __name__ == "__main__":
    from pipeline.stream.app import Gate

    Gate.run = deaf  # type: ignore[assignment, method-assign]
    sys.exit(main(obedient))
