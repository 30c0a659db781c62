"""What five databases and the stream say once the dust has settled: values, nothing judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import ServiceUnavailableError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

from clients.network.quiet import Broker, dial
from tools.factmap import subjects_of


@dataclass(frozen=True)
class Fact:
    """A row of an outbox, or a message of the stream (which knows no entity)."""

    event_id: UUID
    subject: str
    entity_id: UUID | None = None
    revision: int = 0
    published: bool = True


@dataclass(frozen=True)
class Waiting:
    """Work that a service owes: a deadline or an errand."""

    service: str
    name: str
    entity_id: UUID
    at: datetime


@dataclass(frozen=True)
class Booking:
    """One live booking."""

    session_id: UUID
    taken: tuple[tuple[UUID, datetime, datetime], ...]
    """Room, pump and nurse, each from when until when."""


@dataclass(frozen=True)
class Invoice:
    """One invoice and the sum of its lines."""

    invoice_id: UUID
    status: str
    total: int
    lines: int


@dataclass(frozen=True)
class Entry:
    """One entry of the journal."""

    entry_id: UUID
    invoice_id: UUID
    rule: str
    amounts: tuple[int, ...]


@dataclass(frozen=True)
class Evidence:
    """Everything the invariants look at."""

    taken_at: datetime
    outbox: Mapping[str, Sequence[Fact]]
    stream: Sequence[Fact]
    subscribed: Mapping[str, frozenset[str]]
    inbox: Mapping[str, frozenset[UUID]]
    parked: Mapping[str, frozenset[UUID]]
    revisions: Mapping[UUID, int]
    waiting: Sequence[Waiting]
    referrals: Mapping[UUID, str]
    steps: Mapping[str, Mapping[UUID, float]]
    """How often each flow took each step, by referral: the effects themselves, counted."""
    bookings: Sequence[Booking]
    started: Mapping[UUID, bool]
    """Started sessions, and whether the start gate was passed."""
    invoices: Sequence[Invoice]
    journal: Sequence[Entry]


_REVISIONS = {
    "referral": "SELECT referral_id, revision FROM referral",
    "intake": "SELECT intake_id, revision FROM intake",
    "scheduling": """SELECT series_id, revision FROM series
        UNION ALL SELECT clinic_id, revision FROM clinic""",
    "infusion": """SELECT session_id, revision FROM session
        UNION ALL SELECT course_id, revision FROM course""",
    "billing": "SELECT invoice_id, revision FROM invoice",
}
"""Each entity's own count of the facts it has stated."""

_STEPS = {
    "referral": {"taken in": "SELECT referral_id, 1 FROM referral"},
    "intake": {"intake": "SELECT referral_id, count(*) FROM intake GROUP BY 1"},
    "scheduling": {
        "series": "SELECT referral_id, count(*) FROM series WHERE status = 'confirmed' GROUP BY 1",
        "eight bookings": """SELECT referral_id, count(*) / 8.0 FROM booking JOIN series
            USING (series_id) WHERE booking.status = 'taken' GROUP BY 1""",
    },
    "infusion": {
        "eight sessions": """SELECT referral_id, count(*) / 8.0 FROM session JOIN course
            USING (course_id) WHERE session.status <> 'cancelled' GROUP BY 1"""
    },
    "billing": {
        "invoice": "SELECT referral_id, count(*) FROM invoice WHERE status = 'paid' GROUP BY 1",
        "capture": """SELECT referral_id, count(*) FROM journal_entry JOIN invoice
            USING (invoice_id) WHERE rule = 'sell_package' GROUP BY 1""",
    },
}
"""The effects of a flow that ran to its booked series, counted for each referral."""


async def gather(databases: Mapping[str, str], server: Broker) -> Evidence:
    """Read everything; the platform must be at rest."""
    lines = {name: await asyncpg.connect(url) for name, url in databases.items()}
    try:
        return await _gather(lines, await _stream(server))
    finally:
        for line in lines.values():
            await line.close()


async def _gather(lines: Mapping[str, asyncpg.Connection], stream: Sequence[Fact]) -> Evidence:
    scheduling, infusion, billing = (lines[n] for n in ("scheduling", "infusion", "billing"))
    referrals = await lines["referral"].fetch("SELECT referral_id, status FROM referral")
    return Evidence(
        taken_at=await scheduling.fetchval("SELECT now()"),
        outbox={name: await _outbox(line) for name, line in lines.items()},
        stream=stream,
        subscribed={name: subjects_of(name) for name in lines},
        inbox={name: await _ids(line, "inbox") for name, line in lines.items()},
        parked={name: await _ids(line, "parked") for name, line in lines.items()},
        revisions={
            row[0]: row[1]
            for name, sql in _REVISIONS.items()
            for row in await lines[name].fetch(sql)
        },
        waiting=[one for name, line in lines.items() for one in await _waiting(name, line)],
        referrals={row[0]: row[1] for row in referrals},
        steps={
            step: {row[0]: row[1] for row in await lines[name].fetch(sql)}
            for name, steps in _STEPS.items()
            for step, sql in steps.items()
        },
        bookings=await _bookings(scheduling),
        started=await _started(infusion),
        invoices=await _invoices(billing),
        journal=await _journal(billing),
    )


async def _outbox(line: asyncpg.Connection) -> list[Fact]:
    rows = await line.fetch(
        "SELECT event_id, subject, entity_id, revision, published_at IS NOT NULL FROM outbox"
    )
    return [Fact(*row) for row in rows]


async def _ids(line: asyncpg.Connection, table: str) -> frozenset[UUID]:
    return frozenset(row[0] for row in await line.fetch(f"SELECT event_id FROM {table}"))


async def _waiting(service: str, line: asyncpg.Connection) -> list[Waiting]:
    rows = await line.fetch("""SELECT name, entity_id, due_at FROM due
        UNION ALL SELECT name, entity_id, leased_until FROM errand""")
    return [Waiting(service, *row) for row in rows]


async def _bookings(line: asyncpg.Connection) -> list[Booking]:
    rows = await line.fetch("""SELECT series_id, room_id, start_time, room_end_time,
        pump_id, infuse_time, infuse_end_time, nurse_id, start_time, end_time
        FROM booking WHERE status = 'taken'""")
    return [Booking(row[0], tuple(tuple(row[n : n + 3]) for n in (1, 4, 7))) for row in rows]


async def _started(line: asyncpg.Connection) -> dict[UUID, bool]:
    """A started session has an infusion with a baseline, a checklist and a second person."""
    rows = await line.fetch("""SELECT session.session_id, infusion.session_id IS NOT NULL
            AND baseline_time <= start_time + interval '1 minute'
            AND EXISTS (SELECT FROM start_form WHERE start_form.session_id = session.session_id)
            AND EXISTS (SELECT FROM double_check WHERE double_check.session_id = session.session_id)
        FROM session LEFT JOIN infusion USING (session_id)
        WHERE status IN ('infusing', 'paused', 'completed', 'stopped_early', 'recovery',
            'discharged')""")
    return {row[0]: bool(row[1]) for row in rows}


async def _invoices(line: asyncpg.Connection) -> list[Invoice]:
    rows = await line.fetch("""SELECT invoice_id, status, total_minor_units,
        unit_minor_units * session_count FROM invoice""")
    return [Invoice(*row) for row in rows]


async def _journal(line: asyncpg.Connection) -> list[Entry]:
    rows = await line.fetch("SELECT entry_id, invoice_id, rule, amounts FROM journal_entry")
    return [Entry(row[0], row[1], row[2], tuple(row[3])) for row in rows]


@retry(  # a cluster whose stream has a leader again may still be choosing who leads the cluster
    retry=retry_if_exception_type((ServiceUnavailableError, NatsTimeout, OSError)),
    wait=wait_random_exponential(multiplier=0.1, max=2),
    stop=stop_after_delay(60),
    reraise=True,
)
async def _stream(server: Broker) -> list[Fact]:
    """Every message of the stream, by its headers alone, through a consumer of our own."""
    client = await dial(server)
    try:
        inbox, found = client.new_inbox(), list[Fact]()
        left = (await client.jetstream().stream_info("HALCYON")).state.messages
        if not left:
            return []
        listening = await client.subscribe(inbox, pending_msgs_limit=-1, pending_bytes_limit=-1)
        await client.jsm().add_consumer(
            "HALCYON",
            ConsumerConfig(
                deliver_subject=inbox,
                ack_policy=AckPolicy.NONE,
                headers_only=True,
                inactive_threshold=30,
            ),
        )
        while len(found) < left:
            message = await listening.next_msg(timeout=10)
            found.append(Fact(UUID((message.headers or {})["Nats-Msg-Id"]), message.subject))
        return found
    finally:
        await client.close()
