"""One session's booking, and the places found for a series before it has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.refusal import NotAllowed
from services.scheduling.domain.allocation import Bound
from services.scheduling.domain.events import Decision
from services.scheduling.domain.safety import rule_broken
from services.scheduling.domain.series import Series, Status
from services.scheduling.domain.shelf import Fitting, Placement, Spot
from services.scheduling.domain.standing import hold, waitlist


class Standing(StrEnum):
    """Where one booking stands."""

    PROPOSED = "proposed"
    HELD = "held"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    RELEASED = "released"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    MOVED = "moved"


class Keeping(StrEnum):
    """What a booking does with its time; whether it is paid is said by its series."""

    TAKEN = "taken"
    RELEASED = "released"
    FULFILLED = "fulfilled"


@dataclass(frozen=True, slots=True)
class Booking:
    """One session's time and resources, and where it stands."""

    series_id: UUID
    placement: Placement
    standing: Standing
    arrive_time: datetime | None = None

    @property
    def key(self) -> tuple[datetime, UUID, int]:
        """Its place in a list of a day."""
        return self.placement.start, self.series_id, self.placement.number


@dataclass(frozen=True, slots=True)
class Earlier:
    """A time that a session once had, and how it ended."""

    series_id: UUID
    number: int
    start: datetime
    end: datetime
    standing: Standing


@dataclass(frozen=True, slots=True)
class Places:
    """Free places for every session of a series, and how long they may be held."""

    spots: tuple[Spot, ...]
    placements: tuple[Placement, ...]
    fitting: Fitting
    held_for: timedelta


def standing(keeping: Keeping, series: Status, *, arrived: bool = False) -> Standing:
    """A taken time is held until its series is paid, and then until the patient arrives."""
    if keeping != Keeping.TAKEN:
        return Standing(keeping)
    if arrived:
        return Standing.ARRIVED
    return Standing.HELD if series == Status.HELD else Standing.CONFIRMED


def hold_or_wait(series: Series, found: Places | Bound, now: datetime) -> Decision:
    """Hold what was found; without times the series waits for staff."""
    if isinstance(found, Bound):
        return waitlist(series, found, now)
    starts = [one.start for one in found.placements]
    return hold(series, starts, found.fitting.shape, found.held_for, now)


def must_be_free(found: Places | Bound) -> Places:
    """The places, or a refusal to whoever asked for them."""
    if isinstance(found, Bound):
        raise NotAllowed("NO_FREE_TIME", "No time is free in the horizon.", {"bound": found.value})
    return found


def must_be_then(
    found: Places | Bound, others: Sequence[datetime], rules: Sequence[str] = ()
) -> Places:
    """The places at the wanted time, or a refusal that says the next free times."""
    if isinstance(found, Bound) and rules:
        raise rule_broken(rules, _named(others))
    if isinstance(found, Bound):
        raise NotAllowed("TIME_TAKEN", "That time is not free.", _named(others))
    return found


def must_have_moved(
    moved: tuple[Placement, ...] | Bound, others: Sequence[datetime], rules: Sequence[str] = ()
) -> tuple[Placement, ...]:
    """The new times, or a refusal that says why not."""
    if moved == Bound.LIMITS and rules:
        raise rule_broken(rules, _named(others))
    if moved == Bound.LIMITS:
        raise NotAllowed("TOO_CLOSE", "Too near another session of the patient.", _named(others))
    if isinstance(moved, Bound):
        raise NotAllowed("TIME_TAKEN", "That time is not free.", _named(others))
    return moved


def _named(others: Sequence[datetime]) -> dict[str, str]:
    return {f"next_{number}": one.isoformat() for number, one in enumerate(others, 1)}
