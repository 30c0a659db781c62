"""One transaction around many facts: claim them, prefetch for them, handle them in order."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from chassis import inbox, telemetry
from chassis.database import Database, Tx
from chassis.failpoints import failpoint
from chassis.heard import Heard
from chassis.inbox import Claim


async def handle(batch: Sequence[Heard], db: Database, consumer: str) -> None:
    """The claim, every effect and every new fact commit together."""
    async with db.transaction() as tx:
        await handle_in(tx, batch, consumer)


async def handle_in(tx: Tx, batch: Sequence[Heard], consumer: str) -> None:
    """A fact claimed by an earlier delivery is passed over."""
    claims = [Claim(one.event_id, one.subject, one.stream_seq) for one in batch]
    ours = await inbox.claim(tx, claims)
    failpoint("after-inbox-claim")
    first = {one.event_id: one for one in reversed(batch)}
    fresh = [one for one in batch if one.event_id in ours and first[one.event_id] is one]
    await _prefetch(tx, fresh)
    for one in fresh:
        work = telemetry.processing(one.subject, one.event_id, one.traceparent, consumer)
        with work:
            work.concern(one.fact)
            tx.hearing = one.about
            await one.subscription.handle(one.fact, tx)


async def _prefetch(tx: Tx, fresh: Sequence[Heard]) -> None:
    """Facts that share a prefetch are loaded for together, always in one order of subjects."""
    wanted: dict[Any, list[Message]] = {}
    for one in sorted(fresh, key=lambda one: one.subject):
        if prefetch := one.subscription.prefetch:
            wanted.setdefault(prefetch, []).append(one.fact)
    for prefetch, facts in wanted.items():
        await prefetch(facts, tx)
