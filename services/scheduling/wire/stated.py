"""What we state, in everyone's words."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from google.protobuf.message import Message

from halcyon.scheduling.events.v1 import scheduling_events_pb2 as facts
from services.scheduling import domain
from services.scheduling.wire.stamps import stamp
from services.scheduling.wire.visits import (
    called_off,
    fee_incurred,
    missed,
    overridden,
    reminder,
    rescheduled,
)

_Timed = TypeVar("_Timed", facts.SeriesHeld, facts.SeriesConfirmed)


def event(event: domain.Event | domain.ClinicUpdated) -> Message:
    """The fact that tells the world of an event."""
    match event:
        case domain.SeriesHeld(series):
            return _held(series)
        case domain.SeriesConfirmed(series):
            return _confirmed(series)
        case domain.SeriesReleased(series, reason, offered):
            return _released(series, reason, offered)
        case domain.SeriesWaitlisted(series, reason):
            return _waitlisted(series, reason)
        case domain.SeriesRescheduled(series, places, reason):
            return rescheduled(series, places, reason)
        case domain.BookingMissed(series, place):
            return missed(series, place)
        case domain.BookingCancelled(series, place):
            return called_off(series, place)
        case domain.BookingOverridden():
            return overridden(event)
        case domain.CancellationFeeIncurred():
            return fee_incurred(event)
        case domain.ReminderDue(series, number, hours):
            return reminder(series, number, hours)
        case domain.ClinicUpdated(clinic, at):
            return _updated(clinic, at)


def _held(series: domain.Series) -> facts.SeriesHeld:
    plan, expire = series.plan, series.hold_expire_time
    fact = facts.SeriesHeld(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        patient_id=str(plan.patient_id),
        clinic_id=str(plan.clinic_id),
        indication_code=plan.indication_code,
        infusion_minutes=plan.infusion_minutes,
        hold_expire_time=stamp(expire) if expire else None,
        hold_time=stamp(series.update_time),
    )
    return _with_sessions(fact, series)


def _confirmed(series: domain.Series) -> facts.SeriesConfirmed:
    plan = series.plan
    fact = facts.SeriesConfirmed(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        patient_id=str(plan.patient_id),
        clinic_id=str(plan.clinic_id),
        infusion_minutes=plan.infusion_minutes,
        confirm_time=stamp(series.update_time),
    )
    return _with_sessions(fact, series)


def _released(
    series: domain.Series, reason: str, offered: Sequence[datetime]
) -> facts.SeriesReleased:
    plan = series.plan
    return facts.SeriesReleased(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        clinic_id=str(plan.clinic_id),
        reason=str(reason),
        release_time=stamp(series.update_time),
        offered_times=[stamp(one) for one in offered],
    )


def _waitlisted(series: domain.Series, reason: str) -> facts.SeriesWaitlisted:
    plan = series.plan
    return facts.SeriesWaitlisted(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        clinic_id=str(plan.clinic_id),
        reason=str(reason),
        waitlist_time=stamp(series.update_time),
    )


def _updated(clinic: domain.Clinic, at: datetime) -> facts.ClinicUpdated:
    return facts.ClinicUpdated(
        clinic_id=str(clinic.clinic_id),
        revision=clinic.revision,
        name=clinic.name,
        time_zone=clinic.time_zone,
        latitude=clinic.latitude,
        longitude=clinic.longitude,
        indications=clinic.indications,
        series_capacity=clinic.series_capacity,
        update_time=stamp(at),
    )


def _with_sessions(fact: _Timed, series: domain.Series) -> _Timed:
    """Filled in place, which costs half of building each message first; starts are whole units."""
    add, lasting = fact.sessions.add, series.shape.total * 60
    for number, start in enumerate(series.starts, 1):
        one = add(session_id=domain.session_id(series.series_id, number), number=number)
        seconds = int(start.timestamp())
        one.start_time.seconds = seconds
        one.end_time.seconds = seconds + lasting
    return fact
