"""The life of one booking: it is kept, missed, cancelled or moved, and its series with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.refusal import NotAllowed
from services.scheduling.domain.booking import Booking, Standing
from services.scheduling.domain.events import (
    BookingCancelled,
    BookingMissed,
    BookingOverridden,
    CancellationFeeIncurred,
    Decision,
    Event,
    SeriesRescheduled,
)
from services.scheduling.domain.fees import Cause, Charge, Fee
from services.scheduling.domain.overriding import Override
from services.scheduling.domain.series import Series, Status
from services.scheduling.domain.shelf import Placement

_WITH_TIMES = frozenset({Status.HELD, Status.CONFIRMED})


class Past(StrEnum):
    """Why a session is not at a time that it once had."""

    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a time ended that a session once had."""

    outcome: Past
    reason: str
    request_id: UUID
    charge: Charge = Charge.NONE


def must_be_at(series: Series, revision: int) -> Series:
    """The series as the caller has seen it; whoever saw an older one looks again."""
    if revision and revision != series.revision:
        raise NotAllowed(
            "SERIES_CHANGED",
            "The series has changed; look at it again.",
            {"revision": str(series.revision)},
        )
    return series


def must_be_booked(series: Series, booking: Booking, *, paid: bool = True) -> None:
    """Only a time that is taken can be kept, missed, cancelled or moved."""
    statuses = {Status.CONFIRMED} if paid else _WITH_TIMES
    if series.status not in statuses or booking.standing not in _LIVE:
        raise NotAllowed("BOOKING_CLOSED", "The booking is not open.", _what(booking))


def must_be_missed(booking: Booking, late_minutes: int, now: datetime) -> None:
    """Who has arrived was there, and who may still come is not missing yet."""
    late = booking.placement.start + timedelta(minutes=late_minutes)
    if booking.standing == Standing.ARRIVED or now < late:
        raise NotAllowed("NOT_MISSED", "The patient is there, or may still come.", _what(booking))


def must_be_ahead(booking: Booking, now: datetime) -> None:
    """A session that has begun is not moved or cancelled."""
    if booking.standing == Standing.ARRIVED or booking.placement.start <= now:
        raise NotAllowed("BOOKING_BEGUN", "The session has begun.", _what(booking))


@dataclass(frozen=True, slots=True)
class Lapse:
    """A session that does not take place at its time: why, and what the policy asks for it."""

    place: Placement
    cause: Cause
    fee: Fee
    pack: str


def lapse(series: Series, one: Lapse, shifted: Sequence[Placement], now: datetime) -> Decision:
    """A missed or cancelled session comes later and shifts the rest, if times were found."""
    told = BookingMissed if one.cause == Cause.NO_SHOW else BookingCancelled
    facts: list[Callable[[Series], Event]] = [lambda series: told(series, one.place)]
    facts += _shifted(shifted, one.cause)
    if one.fee.charge != Charge.NONE:
        number = one.place.number
        facts.append(
            lambda series: CancellationFeeIncurred(series, number, one.cause, one.fee, one.pack)
        )
    return _tell(series, shifted, facts, now)


def moved(series: Series, places: Sequence[Placement], reason: str, now: datetime) -> Decision:
    """Sessions at new times."""
    return _tell(series, places, _shifted(places, reason), now)


def overridden(series: Series, place: Placement, one: Override, now: datetime) -> Decision:
    """A session at a new time, and against which rules."""
    by = one.by
    facts = [
        *_shifted((place,), "override"),
        lambda series: BookingOverridden(series, place, by.reason, by.role, one.rules),
    ]
    return _tell(series, (place,), facts, now)


def sent_to(series: Series, clinic_id: UUID) -> Series:
    """The series as another clinic's."""
    return series._replace(plan=series.plan._replace(clinic_id=clinic_id))


def transferred(
    series: Series, clinic_id: UUID, places: Sequence[Placement], now: datetime
) -> Decision:
    """The sessions to come take place at another clinic."""
    return _tell(sent_to(series, clinic_id), places, _shifted(places, "transfer"), now)


def _tell(
    series: Series,
    places: Sequence[Placement],
    facts: Sequence[Callable[[Series], Event]],
    now: datetime,
) -> Decision:
    """Each fact has a revision of its own, and tells of the series with all that has changed."""
    starts = list(series.starts)
    for one in places:
        starts[one.number - 1] = one.start
    series, events = series._replace(starts=tuple(starts), update_time=now), list[Event]()
    for fact in facts:
        series = series._replace(revision=series.revision + 1)
        events.append(fact(series))
    return series, tuple(events)


def _shifted(places: Sequence[Placement], reason: str) -> list[Callable[[Series], Event]]:
    return [lambda one: SeriesRescheduled(one, tuple(places), reason)] if places else []


def _what(booking: Booking) -> dict[str, str]:
    return {"number": str(booking.placement.number), "status": booking.standing.upper()}


_LIVE = frozenset({Standing.HELD, Standing.CONFIRMED, Standing.ARRIVED})
