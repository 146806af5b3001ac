"""The outbox emptied: one receiver of one alert at a time, none held up by another."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from config.settings import Retry
from pipeline.alerts.channel import WHOLE, Form, Gone, NotTaken, content, digest
from pipeline.alerts.outbox import Delivery, Kind, Outbox, State
from pipeline.alerts.saved import Saved
from pipeline.index.document import Document
from pipeline.process.waiting import delay
from pipeline.search.visible import Viewer, is_visible
from pipeline.wire.errors import IndexUnavailable
from pipeline.wire.versions import REVISIONS

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.2
MAX_DIGEST = 200
"""Stories of one message; the others have the next."""

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
    form: Form = WHOLE,
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
        if saved.minutes and delivery.kind is Kind.STORY:
            # The first story that was found waits for as long as the others may come.
            left = delivery.since + saved.minutes * 60 - time.time()
            if left > 0 and not delivery.tries:
                outbox.later(delivery.number, time.time() + left, "waits for the digest")
            else:
                await _digest(outbox, saved, delivery, tell, held, (retry, give_up_hours), form)
            continue
        try:
            document = await _sendable(outbox, delivery, held, saved.viewer)
            if document is None and delivery.kind in (Kind.STORY, Kind.BREAKING):
                continue
            body = content(delivery, document, form, saved.title)
            outbox.trying(delivery.number)
            await tell(delivery, body)
        except Gone as error:
            outbox.settle(delivery.number, State.DEAD, str(error))
        except (NotTaken, IndexUnavailable) as error:
            _again(outbox, delivery, str(error), retry, give_up_hours)
        else:
            outbox.settle(delivery.number, State.SENT)
            log.info("alert sent", extra={"alert": delivery.alert, "story_id": delivery.story})


async def _digest(
    outbox: Outbox,
    saved: Saved,
    first: Delivery,
    tell: Tell,
    held: Held,
    patience: tuple[Retry, float],
    form: Form,
) -> None:
    """Send one message of all stories that an alert has found and not sent yet."""
    late = time.time() + saved.minutes * 60
    every = outbox.waiting(first.alert, first.destination, late, MAX_DIGEST)
    documents, sent = [], []
    try:
        for each in every:
            if document := await _sendable(outbox, each, held, saved.viewer):
                documents.append(document)
                sent.append(each)
        if not sent:
            return
        for each in sent:
            outbox.trying(each.number)
        await tell(sent[0], digest(sent[0], documents, form, saved.title))
    except Gone as error:
        for each in sent:
            outbox.settle(each.number, State.DEAD, str(error))
    except (NotTaken, IndexUnavailable) as error:
        for each in every:
            _again(outbox, each, str(error), *patience)
    else:
        for each in sent:
            outbox.settle(each.number, State.SENT)
        log.info("digest sent", extra={"alert": first.alert, "stories": len(sent)})


async def _sendable(
    outbox: Outbox, delivery: Delivery, held: Held, viewer: Viewer
) -> Document | None:
    if delivery.kind is Kind.WITHDRAWN:
        return None
    found = await held([delivery.story])
    if delivery.story not in found:
        raise NotTaken("the index does not hold the story now")
    version, document = found[delivery.story]
    if version // REVISIONS != delivery.rank and delivery.kind is Kind.STORY:
        outbox.settle(delivery.number, State.HIDDEN, "a newer version came")
    elif not is_visible(document, datetime.now(UTC), viewer):
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
