"""The judge: every invariant the platform promises, I1 to I7, over settled evidence."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from tests.failures.evidence import Evidence

OVERDUE = timedelta(seconds=30)
"""A deadline or an errand may be this late before somebody should have noticed."""


def everything_stated_is_in_the_stream_once(seen: Evidence) -> Iterator[str]:
    """I1: every state has its facts in the outbox, and each of them is in the stream once."""
    stated = Counter(fact.entity_id for facts in seen.outbox.values() for fact in facts)
    for entity, revision in seen.revisions.items():
        if stated[entity] != revision:
            yield f"entity {entity} is at {revision} but stated {stated[entity]} facts"
    carried = Counter(fact.event_id for fact in seen.stream)
    for service, facts in seen.outbox.items():
        for fact in facts:
            if carried[fact.event_id] != 1:
                yield f"{service}: {fact.subject} {fact.event_id} x{carried[fact.event_id]}"
            if not fact.published:
                yield f"{service}: {fact.subject} {fact.event_id} is not marked as published"


def nothing_is_in_the_stream_that_was_not_stated(seen: Evidence) -> Iterator[str]:
    """I2: no phantom."""
    stated = {fact.event_id for facts in seen.outbox.values() for fact in facts}
    for fact in seen.stream:
        if fact.event_id not in stated:
            yield f"phantom {fact.subject} {fact.event_id}"


def every_listener_applied_all_and_once(seen: Evidence) -> Iterator[str]:
    """I3: applied = published less parked, and no step of a flow happened twice or not at all."""
    for service, subjects in seen.subscribed.items():
        meant = {fact.event_id for fact in seen.stream if fact.subject in subjects}
        settled = seen.inbox[service] | seen.parked[service]
        yield from (f"{service} never handled {event}" for event in sorted(meant - settled))
        yield from (f"{service} handled a stranger {event}" for event in sorted(settled - meant))
        both = seen.inbox[service] & seen.parked[service]
        yield from (f"{service} both handled and parked {event}" for event in sorted(both))
    for step, counts in seen.steps.items():
        for referral in seen.referrals:
            if counts.get(referral, 0) != 1:
                yield f"{step} x{counts.get(referral, 0)} for referral {referral}"


def revisions_have_no_gap(seen: Evidence) -> Iterator[str]:
    """I4: each entity's facts are numbered 1 to n."""
    numbers: dict[UUID | None, list[int]] = defaultdict(list)
    for facts in seen.outbox.values():
        for fact in facts:
            numbers[fact.entity_id].append(fact.revision)
    for entity, found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"entity {entity} stated revisions {sorted(found)}"


def nothing_is_overdue_or_stuck(seen: Evidence) -> Iterator[str]:
    """I5: what waits, waits for a moment still to come; nothing is left parked."""
    for one in seen.waiting:
        if one.at < seen.taken_at - OVERDUE:
            yield f"{one.service} owes {one.name} of {one.entity_id} since {one.at:%H:%M:%S}"
    for service, parked in seen.parked.items():
        yield from (f"{service} parked {event}" for event in sorted(parked))


def nobody_shares_a_resource(seen: Evidence) -> Iterator[str]:
    """I6: no room, pump or nurse is taken twice; no infusion started without its gate."""
    taken: dict[UUID, list[tuple[datetime, datetime, UUID]]] = defaultdict(list)
    for booking in seen.bookings:
        for resource, start, end in booking.taken:
            taken[resource].append((start, end, booking.session_id))
    for resource, times in taken.items():
        for (_, end, one), (start, _, other) in pairwise(sorted(times)):
            if start < end:
                yield f"resource {resource} is taken by {one} and {other}"
    for session, gate in seen.started.items():
        if not gate:
            yield f"session {session} started without its gate"


def money_adds_up(seen: Evidence) -> Iterator[str]:
    """I7: entries balance, an invoice is the sum of its lines, a payment is captured once."""
    for entry in seen.journal:
        if sum(entry.amounts) != 0:
            yield f"entry {entry.entry_id} does not balance"
    for invoice in seen.invoices:
        if invoice.total != invoice.lines:
            yield f"invoice {invoice.invoice_id} is {invoice.total}, its lines {invoice.lines}"
    sold = Counter(entry.invoice_id for entry in seen.journal if entry.rule == "sell_package")
    for invoice in seen.invoices:
        meant = 1 if invoice.status == "paid" else 0
        if invoice.status in ("paid", "issued") and sold[invoice.invoice_id] != meant:
            yield f"invoice {invoice.invoice_id} was sold x{sold[invoice.invoice_id]}"


INVARIANTS: dict[str, Callable[[Evidence], Iterable[str]]] = {
    "I1": everything_stated_is_in_the_stream_once,
    "I2": nothing_is_in_the_stream_that_was_not_stated,
    "I3": every_listener_applied_all_and_once,
    "I4": revisions_have_no_gap,
    "I5": nothing_is_overdue_or_stuck,
    "I6": nobody_shares_a_resource,
    "I7": money_adds_up,
}


def violations(seen: Evidence, most: int = 20) -> dict[str, list[str]]:
    """What is wrong, by invariant; empty when the platform kept its word."""
    found = {name: list(check(seen))[:most] for name, check in INVARIANTS.items()}
    return {name: lines for name, lines in found.items() if lines}
