"""The outbox emptied: one receiver of one alert at a time, none held up by another."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from config.settings import Retry
from pipeline.alerts.channel import Gone, NotTaken, content
from pipeline.alerts.outbox import Delivery, Kind, Outbox, State
from pipeline.alerts.saved import Saved
from pipeline.index.document import Document
from pipeline.process.waiting import delay
from pipeline.search.visible import ANYBODY, is_visible
from pipeline.wire.errors import IndexUnavailable
from pipeline.wire.versions import REVISIONS

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.2

Held = Callable[[list[str]], Awaitable[dict[str, tuple[int, Document]]]]
Tell = Callable[[Delivery, bytes], Awaitable[None]]
"""Hand a body to the receiver; raises NotTaken."""


async def deliver(
    outbox: Outbox,
    saved: Saved,
    destination: str,
    tell: Tell,
    held: Held,
    retry: Retry,
    give_up_hours: float,
) -> None:
    """Deliver what an alert found to one of its receivers, until cancelled.

    A story is read from the index just before it is sent: what has been withdrawn, put under
    an embargo or overtaken by then is not sent.
    """
    while True:
        delivery = outbox.next(saved.alert.name, destination, time.time())
        if delivery is None:
            await asyncio.sleep(IDLE_SECONDS)
            continue
        try:
            document = await _sendable(outbox, delivery, held)
            if document is None and delivery.kind is Kind.STORY:
                continue
            body = content(delivery, document)
            outbox.trying(delivery.number)
            await tell(delivery, body)
        except Gone as error:
            outbox.settle(delivery.number, State.DEAD, str(error))
        except (NotTaken, IndexUnavailable) as error:
            _again(outbox, delivery, str(error), retry, give_up_hours)
        else:
            outbox.settle(delivery.number, State.SENT)
            log.info("alert sent", extra={"alert": delivery.alert, "story_id": delivery.story})


async def _sendable(outbox: Outbox, delivery: Delivery, held: Held) -> Document | None:
    if delivery.kind is Kind.WITHDRAWN:
        return None
    found = await held([delivery.story])
    if delivery.story not in found:
        raise NotTaken("the index does not hold the story now")
    version, document = found[delivery.story]
    if version // REVISIONS != delivery.rank:
        outbox.settle(delivery.number, State.HIDDEN, "a newer version came")
    elif not is_visible(document, datetime.now(UTC), ANYBODY):
        outbox.settle(delivery.number, State.HIDDEN, "withdrawn or under an embargo")
    else:
        return document
    return None


def _again(
    outbox: Outbox, delivery: Delivery, reason: str, retry: Retry, give_up_hours: float
) -> None:
    now = time.time()
    extra = {"alert": delivery.alert, "story_id": delivery.story, "reason": reason}
    if now - delivery.since > give_up_hours * 3600:
        outbox.settle(delivery.number, State.DEAD, reason)
        log.error("alert given up", extra=extra)
        return
    outbox.later(delivery.number, now + delay(retry, delivery.tries), reason)
    log.warning("alert not taken", extra=extra)
