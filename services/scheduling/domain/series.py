"""A series: all sessions of one plan, held before money is asked, booked when it is paid."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha1
from typing import NamedTuple
from uuid import UUID

from chassis.ids import named
from services.scheduling.domain.visit import Shape


class Status(StrEnum):
    """Where a series stands."""

    WAITLISTED = "waitlisted"
    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    FULFILLED = "fulfilled"


class Reason(StrEnum):
    """Why the times of a series were given back."""

    HOLD_EXPIRED = "hold_expired"
    PAYMENT_FAILED = "payment_failed"
    REFERRAL_CANCELLED = "referral_cancelled"
    PAID_TOO_LATE = "paid_too_late"
    PLAN_STOPPED = "plan_stopped"
    SESSIONS_GIVEN_UP = "sessions_given_up"


class SessionLimit(NamedTuple):
    """A safety rule of the plan's protocol: at most so many sessions in so many days."""

    rule_id: str
    days: int
    at_most: int


class Plan(NamedTuple):
    """What scheduling needs to know of an approved plan."""

    plan_id: UUID
    referral_id: UUID
    patient_id: UUID
    clinic_id: UUID
    indication_code: str
    weeks: tuple[int, ...]
    min_gap_hours: int
    infusion_minutes: int
    recovery_minutes: int
    urgent: bool = False
    therapist: bool = False
    """Ketamine-assisted psychotherapy: a therapist takes part in every session."""
    maintain_every: int = 0
    """Days between the sessions of maintenance after the series; 0 for none."""
    limits: tuple[SessionLimit, ...] = ()
    version: int = 1

    @property
    def asked(self) -> tuple[object, ...]:
        """What two plans share that ask for the same times."""
        return (
            self.weeks,
            self.min_gap_hours,
            self.infusion_minutes,
            self.recovery_minutes,
            self.therapist,
            self.limits,
        )


class Series(NamedTuple):
    """One series; its bookings say who has the times, its starts say what the times are."""

    series_id: UUID
    revision: int
    status: Status
    plan: Plan
    starts: tuple[datetime, ...]
    shape: Shape
    delivered: int
    hold_expire_time: datetime | None
    release_reason: Reason | None
    payment_id: UUID | None
    update_time: datetime
    reminded_time: datetime | None = None
    """Reminders up to this moment have been stated."""
    rule: str = ""
    """What a round of maintenance follows instead of weeks: RFC 5545, on the wall clock."""

    @property
    def closed(self) -> bool:
        """Nothing can bring it back."""
        return self.status == Status.FULFILLED or self.release_reason in _FOR_GOOD


_FOR_GOOD = frozenset({Reason.REFERRAL_CANCELLED, Reason.PLAN_STOPPED, Reason.SESSIONS_GIVEN_UP})


@lru_cache(maxsize=1024)
def series_id(plan_id: UUID) -> UUID:
    """One plan has one series; asked again at every step of holding it."""
    return named(plan_id, "series")


def session_id(series: UUID, number: int) -> str:
    """named(series, "session/<number>") as text: a session is itself whenever it is held."""
    digest = sha1(series.bytes + b"session/%d" % number, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    head = f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}"
    return f"{head}-{variant}{digest[17:20]}-{digest[20:32]}"
