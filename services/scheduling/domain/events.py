"""What happens to a series, as the world is told."""

from dataclasses import dataclass
from datetime import datetime

from services.scheduling.domain.fees import Cause, Fee
from services.scheduling.domain.series import Reason, Series
from services.scheduling.domain.shelf import Placement


@dataclass(frozen=True, slots=True)
class SeriesHeld:
    """Times for the whole series are held until the hold expires."""

    series: Series


@dataclass(frozen=True, slots=True)
class SeriesWaitlisted:
    """No times were found; staff must act."""

    series: Series
    reason: str


@dataclass(frozen=True, slots=True)
class SeriesConfirmed:
    """The series is paid and booked."""

    series: Series


@dataclass(frozen=True, slots=True)
class SeriesReleased:
    """The times were given back, or the money came too late for them; others may be offered."""

    series: Series
    reason: Reason
    offered: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesRescheduled:
    """Sessions have new times, and why."""

    series: Series
    places: tuple[Placement, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class BookingMissed:
    """The patient did not come to a session."""

    series: Series
    place: Placement


@dataclass(frozen=True, slots=True)
class BookingCancelled:
    """The patient cancelled one session."""

    series: Series
    place: Placement


@dataclass(frozen=True, slots=True)
class BookingOverridden:
    """A session was moved against a rule, by whoever answers for it."""

    series: Series
    place: Placement
    reason: str
    role: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancellationFeeIncurred:
    """A cancelled or missed session costs a fee under the policy in force."""

    series: Series
    number: int
    cause: Cause
    fee: Fee
    pack: str


@dataclass(frozen=True, slots=True)
class ReminderDue:
    """The patient is to be reminded of a session."""

    series: Series
    number: int
    hours: int


Event = (
    SeriesHeld
    | SeriesWaitlisted
    | SeriesConfirmed
    | SeriesReleased
    | SeriesRescheduled
    | BookingMissed
    | BookingCancelled
    | BookingOverridden
    | CancellationFeeIncurred
    | ReminderDue
)
Decision = tuple[Series, tuple[Event, ...]]
