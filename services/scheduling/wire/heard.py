"""What others state, in our words; what cannot be read can never be handled."""

import re
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from chassis.ids import uuid_of
from chassis.moments import instant
from chassis.refusal import Reject
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.intake.events.v1.intake_events_pb2 import PlanApproved, PlanRevised, SafetyReviewed
from halcyon.referral.events.v1.referral_events_pb2 import AvailabilityStated
from services.scheduling.domain import (
    Availability,
    Barrier,
    Hours,
    Plan,
    Revised,
    SessionLimit,
)

_MOST_SESSIONS = 366
_MOST_MINUTES = 24 * 60
_WINDOW = re.compile(r"([1-7])/([0-9]{1,4})-([0-9]{1,4})", re.ASCII)
_LEAST_DAYS, _MOST_DAYS = 1, 366
"""Between two sessions of maintenance; anything else is none."""


class AboutSeries(Protocol):
    """A fact that names a series."""

    series_id: str


class AboutClinic(Protocol):
    """A fact that names a clinic."""

    clinic_id: str


class AboutReferral(Protocol):
    """A fact that names a referral."""

    referral_id: str


class AboutPlan(Protocol):
    """A fact that names a plan."""

    plan_id: str


class AboutPayment(Protocol):
    """A fact that names a payment."""

    payment_id: str


def need(fact: PlanApproved) -> Plan:
    """What a plan asks of us; weeks without sessions before the first session do not count."""
    weeks = tuple(fact.sessions_per_week)
    minutes = fact.infusion_minutes + fact.recovery_minutes
    counted = min(weeks, default=-1) >= 0 and 0 < sum(weeks) <= _MOST_SESSIONS
    timed = fact.infusion_minutes > 0 and fact.recovery_minutes >= 0 and minutes < _MOST_MINUTES
    spaced = _LEAST_DAYS <= fact.maintenance_every_days <= _MOST_DAYS
    if not (counted and timed and fact.min_gap_hours >= 0):
        raise Reject("plan")
    while not weeks[0]:
        weeks = weeks[1:]
    return Plan(
        plan_id=_id(fact.plan_id),
        referral_id=_id(fact.referral_id),
        patient_id=_id(fact.patient_id),
        clinic_id=_id(fact.clinic_id),
        indication_code=fact.indication_code,
        weeks=weeks,
        min_gap_hours=fact.min_gap_hours,
        infusion_minutes=fact.infusion_minutes,
        recovery_minutes=fact.recovery_minutes,
        urgent=fact.priority == "urgent",
        therapist=fact.kap == "with",
        maintain_every=fact.maintenance_every_days if spaced else 0,
        limits=_limits(fact),
        version=max(1, fact.plan_version),
    )


def revised(fact: PlanRevised) -> Revised:
    """What a newer version of a plan asks of each session."""
    if not 0 < fact.infusion_minutes < _MOST_MINUTES:
        raise Reject("minutes")
    return Revised(_id(fact.plan_id), fact.plan_version, fact.infusion_minutes, fact.kap == "with")


def _limits(fact: PlanApproved) -> tuple[SessionLimit, ...]:
    told = [SessionLimit(one.rule_id, one.days, one.at_most) for one in fact.session_limits]
    if any(one.days <= 0 or one.at_most <= 0 or " " in one.rule_id for one in told):
        raise Reject("limits")
    return tuple(told)


def availability(fact: AvailabilityStated) -> Availability:
    """When the patient can come; "1/540-720" is Monday from nine to twelve."""
    windows = tuple(sorted(map(_window, fact.windows)))
    try:
        first = date.fromisoformat(fact.earliest_date) if fact.earliest_date else None
    except ValueError:
        raise Reject("date") from None
    return Availability(fact.revision, windows, first)


def _window(told: str) -> Hours:
    found = _WINDOW.fullmatch(told)
    weekday, opens, closes = map(int, found.groups()) if found else (0, 0, 0)
    if not opens < closes <= _MOST_MINUTES:
        raise Reject("window")
    return Hours(weekday, opens, closes)


def safety(fact: SafetyReviewed) -> tuple[UUID, datetime, list[Barrier]]:
    """Whose safety was looked at, when, and what bars booking."""
    barriers = [Barrier(one.rule_id, instant(one.begin_time)) for one in fact.barriers]
    return _id(fact.patient_id), instant(fact.review_time), barriers


def series_of(fact: AboutSeries) -> UUID:
    """The series a fact is about."""
    return _id(fact.series_id)


def referral_of(fact: AboutReferral) -> UUID:
    """The referral a fact is about."""
    return _id(fact.referral_id)


def plan_of(fact: AboutPlan) -> UUID:
    """The plan a fact is about."""
    return _id(fact.plan_id)


def clinic_of(fact: AboutClinic) -> UUID | None:
    """The clinic a fact names, if it names one."""
    return _id(fact.clinic_id) if fact.clinic_id else None


def payment(fact: AboutPayment) -> UUID:
    """The payment a fact is about."""
    return _id(fact.payment_id)


def session(fact: InfusionCompleted) -> tuple[UUID, int]:
    """The series and the number of the session in it."""
    return _id(fact.series_id), fact.number


def _id(text: str) -> UUID:
    try:
        return uuid_of(text)
    except ValueError:
        raise Reject("id") from None
