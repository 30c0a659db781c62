"""Readings that wait together are kept together; only what breaks a rule is decided about."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, TypeAlias
from uuid import UUID

from chassis.database import Database, Tx
from chassis.principal import Principal
from chassis.refusal import Refusal
from chassis.together import Together
from services.infusion import domain, packs, store

MOST_TOGETHER = 512
"""Messages that share a transaction."""


class Lot(NamedTuple):
    """Readings of one session, and who brings them."""

    session_id: UUID
    readings: Sequence[tuple[str, domain.Vitals]]
    who: Principal


Outcome: TypeAlias = int | Refusal
Monitor: TypeAlias = Together[Lot, Outcome, int]


def monitor(db: Database) -> Monitor:
    """One for each process."""
    return Together(db, load=take, handle=_tell, apart=lambda _: (), most=MOST_TOGETHER)


async def take(tx: Tx, lots: Sequence[Lot]) -> Sequence[Outcome]:
    """Keep what may be kept, and raise or clear what it raises or clears: how many were new."""
    posts = await store.posts(tx, {lot.session_id for lot in lots})
    await store.load_packs(tx, {post.pack for post in posts.values() if post.pack})
    outcomes: list[Outcome] = [_judged(lot, posts, tx) for lot in lots]
    admitted = [
        lot for lot, outcome in zip(lots, outcomes, strict=True) if not isinstance(outcome, Refusal)
    ]
    told = [(lot.session_id, reading) for lot in admitted for _, reading in lot.readings]
    fresh = set(await store.add_readings(tx, told))
    await _watch(tx, told, frozenset(fresh), posts)
    return [
        outcome if isinstance(outcome, Refusal) else _counted(lot, fresh)
        for lot, outcome in zip(lots, outcomes, strict=True)
    ]


def _judged(lot: Lot, posts: Mapping[UUID, store.Post], tx: Tx) -> Outcome:
    post = posts.get(lot.session_id)
    if post is None or not lot.who.sees(post.clinic_id):
        return store.unknown()
    windows = _pack(tx, post).windows
    try:
        domain.admit(post.status, post.arrive_time, lot.readings, (windows, tx.now))
    except Refusal as refusal:
        return refusal
    return 0


def _counted(lot: Lot, fresh: set[store.Key]) -> int:
    """A moment that two lots tell of is the first one's."""
    mine = {(lot.session_id, reading.measure_time) for _, reading in lot.readings} & fresh
    fresh -= mine
    return len(mine)


async def _watch(
    tx: Tx,
    told: Sequence[tuple[UUID, domain.Vitals]],
    fresh: frozenset[store.Key],
    posts: Mapping[UUID, store.Post],
) -> None:
    """Sessions without an alert and without a reading that breaks a rule cost nothing here."""
    news: dict[UUID, list[domain.Vitals]] = {}
    for session_id, reading in told:
        if (session_id, reading.measure_time) in fresh:
            news.setdefault(session_id, []).append(reading)
    loud = [
        session_id
        for session_id, readings in news.items()
        if posts[session_id].alarmed
        or not domain.is_quiet(_pack(tx, posts[session_id]).rules, readings)
    ]
    if loud:
        await store.lock(tx, loud)
        known = await store.alerts(tx, *loud)
    for session_id in loud:
        mine = [alert for alert in known if alert.session_id == session_id]
        await _decide(tx, posts[session_id], news[session_id], mine)


async def _decide(
    tx: Tx, post: store.Post, news: Sequence[domain.Vitals], known: Sequence[domain.Alert]
) -> None:
    rules = _pack(tx, post).rules
    longest = timedelta(seconds=max(rule.persist_seconds for rule in rules))
    since = min(reading.measure_time for reading in news) - longest
    arrived = min(post.arrive_time or since, since)
    readings = await store.readings_and_before(tx, post.session_id, since, arrived)
    moments = frozenset(reading.measure_time for reading in news)
    for alert in domain.watch(post.session_id, rules, known, readings, moments):
        store.keep_alert(tx, alert)


def _pack(tx: Tx, post: store.Post) -> domain.Pack:
    """The protocol of the visit; nobody has come where there is none."""
    return store.pack(tx, post.pack) if post.pack else packs.current()


async def _tell(lot: Lot, outcome: Outcome, tx: Tx) -> int:
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome
