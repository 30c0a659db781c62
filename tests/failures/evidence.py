"""What five databases and the stream say once the dust has settled: plain values, nothing judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import nats
from nats.js.errors import NotFoundError

from tools.factmap import SERVICES, subjects_of


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
    resources: tuple[UUID, UUID, UUID]
    start: datetime
    end: datetime


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
    steps: Mapping[str, Mapping[UUID, int]]
    """How often each flow took each step, by referral: the effects themselves, counted."""
    bookings: Sequence[Booking]
    started: Mapping[UUID, bool]
    """Started sessions, and whether the start gate was passed."""
    invoices: Sequence[Invoice]
    journal: Sequence[Entry]


_ENTITIES = {
    "referral": ("SELECT referral_id, revision FROM referral",),
    "intake": ("SELECT intake_id, revision FROM intake",),
    "scheduling": (
        "SELECT series_id, revision FROM series",
        "SELECT clinic_id, revision FROM clinic",
    ),
    "infusion": (
        "SELECT session_id, revision FROM session",
        "SELECT course_id, revision FROM course",
    ),
    "billing": ("SELECT invoice_id, revision FROM invoice",),
}
"""Each entity's own count of the facts it has stated."""
