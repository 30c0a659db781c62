"""What we state, in everyone's words."""

from datetime import datetime, timedelta

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.scheduling.events.v1 import scheduling_events_pb2 as facts
from services.scheduling import domain


def event(event: domain.Event | domain.ClinicUpdated) -> Message:
    """The fact that tells the world of an event."""
    match event:
        case domain.SeriesHeld(series):
            return _held(series)
        case domain.SeriesConfirmed(series):
            return _confirmed(series)
        case domain.SeriesReleased(series, reason):
            return _released(series, reason)
        case domain.SeriesWaitlisted(series, reason):
            return _waitlisted(series, reason)
        case domain.ClinicUpdated(clinic, at):
            return _updated(clinic, at)


def stamp(at: datetime) -> Timestamp:
    """A moment, to the microsecond."""
    return Timestamp(seconds=int(at.timestamp() // 1), nanos=at.microsecond * 1000)


def _held(series: domain.Series) -> facts.SeriesHeld:
    plan, expire = series.plan, series.hold_expire_time
    return facts.SeriesHeld(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        patient_id=str(plan.patient_id),
        clinic_id=str(plan.clinic_id),
        indication_code=plan.indication_code,
        sessions=_sessions(series),
        infusion_minutes=plan.infusion_minutes,
        hold_expire_time=stamp(expire) if expire else None,
        hold_time=stamp(series.update_time),
    )


def _confirmed(series: domain.Series) -> facts.SeriesConfirmed:
    plan = series.plan
    return facts.SeriesConfirmed(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        patient_id=str(plan.patient_id),
        clinic_id=str(plan.clinic_id),
        sessions=_sessions(series),
        infusion_minutes=plan.infusion_minutes,
        confirm_time=stamp(series.update_time),
    )


def _released(series: domain.Series, reason: str) -> facts.SeriesReleased:
    plan = series.plan
    return facts.SeriesReleased(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        clinic_id=str(plan.clinic_id),
        reason=str(reason),
        release_time=stamp(series.update_time),
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


def _sessions(series: domain.Series) -> list[facts.SessionTime]:
    lasting = timedelta(minutes=series.room_minutes)
    return [
        facts.SessionTime(
            session_id=domain.session_id(series.series_id, number),
            number=number,
            start_time=stamp(start),
            end_time=stamp(start + lasting),
        )
        for number, start in enumerate(series.starts, 1)
    ]
