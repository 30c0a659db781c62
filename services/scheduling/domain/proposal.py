"""A repair as it is proposed, by a closure, a person or CP-SAT; nothing moves until accepted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from chassis.refusal import Invalid, NotAllowed, Violation
from services.scheduling.domain.agenda import Agenda
from services.scheduling.domain.clinic import Closure
from services.scheduling.domain.repairing import Step
from services.scheduling.domain.series import Series
from services.scheduling.domain.shelf import Placement
from services.scheduling.domain.shifting import keeps_apart
from services.scheduling.domain.wish import Wish


class Origin(StrEnum):
    """Where a repair comes from; the last is a plan that was revised."""

    CLOSURE = "closure"
    SUBMITTED = "submitted"
    OPTIMISED = "optimised"
    REVISED = "revised"


class Wanted(NamedTuple):
    """A session and the time that somebody wants for it."""

    series_id: UUID
    number: int
    start: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """A repair; only a closure's has a closure."""

    repair_id: UUID
    clinic_id: UUID
    origin: Origin
    steps: tuple[Step, ...]
    closure: Closure | None = None

    @property
    def reason(self) -> str:
        """Why sessions are moved by it."""
        if self.origin == Origin.REVISED:
            return "plan"
        return "closure" if self.closure else "repair"

    @property
    def in_vain(self) -> bool:
        """Whether nothing of it was carried out, nor can be as it stands."""
        found = {one.status for one in self.steps}
        lost = "stale" in found or any(one.new is None for one in self.steps)
        return lost and not found & {"accepted", "barred"}

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """From when until when it is about."""
        if self.closure:
            return self.closure.start, self.closure.end
        times = [one for step in self.steps for one in (step.old, step.new) if one]
        return (min(times), max(times)) if times else None


def steps_for(
    series: Series,
    places: Mapping[int, Placement],
    wanted: Sequence[Wanted],
    rules: tuple[Wish, Agenda],
    now: datetime,
) -> list[Step]:
    """The steps of one series, if all of them together keep its order, its gap and its limits."""
    wish, agenda = rules
    starts, steps = list(series.starts), list[Step]()
    for one in wanted:
        place = places.get(one.number)
        if place is None or place.start <= now:
            where = {"series_id": str(one.series_id), "number": str(one.number)}
            raise NotAllowed("BOOKING_CLOSED", "The booking is not open.", where)
        _must_be_on_the_grid(wish, agenda, one.start)
        starts[one.number - 1] = one.start
        steps.append(Step(series.series_id, one.number, series.revision, place.start, one.start))
    if starts != sorted(starts) or not keeps_apart(wish, agenda, starts):
        where = {"series_id": str(series.series_id)}
        raise NotAllowed("TOO_CLOSE", "Too near another session of the patient.", where)
    return steps


def _must_be_on_the_grid(wish: Wish, agenda: Agenda, start: datetime) -> None:
    unit = agenda.shelf.calendar.unit(start)
    if agenda.shelf.calendar.moment(unit) != start or not wish.earliest <= unit < wish.until:
        violation = Violation("steps.start_time", "must be a start that the clinic offers")
        raise Invalid("INVALID_REQUEST", "No session starts then.", (violation,))
