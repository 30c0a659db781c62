"""What a series needs and what its patient would like, in whole units of one clinic's calendar."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from services.scheduling.domain.agenda import Agenda
from services.scheduling.domain.clinic import Hours
from services.scheduling.domain.hours import LocalDay, together
from services.scheduling.domain.policy import Limits, Policy
from services.scheduling.domain.series import Plan
from services.scheduling.domain.visit import Shape, Visit


@dataclass(frozen=True, slots=True)
class Preferences:
    """When a patient can come, and what the patient would like; staff write it down."""

    windows: tuple[Hours, ...] = ()
    same_nurse: bool = False
    nurse_id: UUID | None = None
    therapist: bool = False
    skills: tuple[str, ...] = ()
    not_before: date | None = None
    """A day of the clinic's calendar."""

    def __bool__(self) -> bool:
        return self != _NOTHING


_NOTHING = Preferences()


@dataclass(frozen=True, slots=True)
class Availability:
    """When a patient can come, as the referrer told it at a revision of the referral."""

    revision: int
    windows: tuple[Hours, ...]
    not_before: date | None = None


@dataclass(frozen=True)
class Wish:
    """A plan as wanted from some moment on."""

    weeks: tuple[int, ...]
    gap: int
    visit: Visit
    earliest: int
    until: int
    limits: Limits = ()
    before: tuple[int, ...] = ()
    """The local days of the patient's sessions that are booked already."""
    preferences: Preferences = field(default=_NOTHING)

    @cached_property
    def binding(self) -> Limits:
        """The limits that so many sessions could break."""
        count = sum(self.weeks) + len(self.before)
        return tuple((most, days) for most, days in self.limits if most < count)

    @property
    def personal(self) -> bool:
        """Whether what is impossible for this patient may be possible for another."""
        return bool(self.before or self.preferences)

    @cached_property
    def pattern(self) -> str:
        """What two wishes share that can begin at the same times."""
        shape = ".".join(map(str, self.visit.shape))
        kap = "/kap" if self.visit.therapist else ""
        bound = ",".join(f"{most}in{days}" for most, days in self.binding)
        return f"{','.join(map(str, self.weeks))}/{self.gap}/{shape}{kap}/{bound}"

    def starts_allowed(self, day: LocalDay, length: int) -> int:
        """The units of a day at which a visit of some length suits the patient, as bits."""
        return together(day.within(self.preferences.windows), length)

    def with_weeks(self, weeks: tuple[int, ...]) -> "Wish":
        """The same wish for another pattern."""
        return replace(self, weeks=weeks)


@dataclass(frozen=True, slots=True)
class Patient:
    """What is known of a patient besides the plan."""

    preferences: Preferences = _NOTHING
    sessions: tuple[datetime, ...] = ()
    """When the patient has sessions of other series."""


def wish(
    plan: Plan, policy: Policy, agenda: Agenda, now: datetime, patient: Patient | None = None
) -> Wish:
    """A plan as wanted from now on; two sessions of one patient never overlap."""
    calendar, unit = agenda.shelf.calendar, policy.unit_minutes
    shape = shape_of(plan, policy)
    length = -(-shape.total // unit)
    earliest = calendar.unit(now + policy.lead)
    preferences = patient.preferences if patient else _NOTHING
    past = sorted(patient.sessions) if patient else []
    gap = max(plan.min_gap_hours * 60 // unit, length)
    if past:
        earliest = max(earliest, calendar.unit(past[-1]) + gap)
    until = calendar.unit(now + policy.horizon)
    if preferences.not_before:
        day = min(preferences.not_before.toordinal(), calendar.ordinal(until) + 1)
        earliest = max(earliest, calendar.day(day).first)
    return Wish(
        weeks=plan.weeks,
        gap=gap,
        visit=visit_of(plan, shape, preferences),
        earliest=earliest,
        until=until,
        limits=strictest(policy.limits, plan),
        before=tuple(calendar.ordinal(calendar.unit(one)) for one in past),
        preferences=preferences,
    )


def visit_of(plan: Plan, shape: Shape, preferences: Preferences) -> Visit:
    """A therapist takes part when the plan says so, or when the patient asks for one."""
    return Visit(shape, plan.therapist or preferences.therapist, preferences.skills)


def strictest(limits: Limits, plan: Plan) -> Limits:
    """The network's limits and those of the plan's protocol, each stretch of days once."""
    most = {days: count for count, days in limits}
    for one in plan.limits:
        most[one.days] = min(one.at_most, most.get(one.days, one.at_most))
    return tuple((count, days) for days, count in sorted(most.items()))


def shape_of(plan: Plan, policy: Policy) -> Shape:
    """How one visit of a plan is made up."""
    return Shape(
        policy.prepare_minutes,
        plan.infusion_minutes,
        plan.recovery_minutes,
        policy.turnover_minutes,
    )
