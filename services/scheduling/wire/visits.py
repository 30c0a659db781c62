"""Sessions that were missed, called off or moved, in everyone's words."""

from collections.abc import Iterable

from halcyon.scheduling.events.v1 import scheduling_events_pb2 as facts
from services.scheduling import domain
from services.scheduling.wire.stamps import stamp


def rescheduled(
    series: domain.Series, places: Iterable[domain.Placement], reason: str
) -> facts.SeriesRescheduled:
    """New times of sessions."""
    return facts.SeriesRescheduled(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(series.plan.plan_id),
        referral_id=str(series.plan.referral_id),
        clinic_id=str(series.plan.clinic_id),
        sessions=[_session(series, one) for one in places],
        reason=reason,
        reschedule_time=stamp(series.update_time),
    )


def missed(series: domain.Series, place: domain.Placement) -> facts.BookingMissed:
    """A no-show."""
    return facts.BookingMissed(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(series.plan.plan_id),
        referral_id=str(series.plan.referral_id),
        clinic_id=str(series.plan.clinic_id),
        session=_session(series, place),
        miss_time=stamp(series.update_time),
    )


def called_off(series: domain.Series, place: domain.Placement) -> facts.BookingCancelled:
    """A session that the patient called off."""
    return facts.BookingCancelled(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(series.plan.plan_id),
        referral_id=str(series.plan.referral_id),
        clinic_id=str(series.plan.clinic_id),
        session=_session(series, place),
        cancel_time=stamp(series.update_time),
    )


def overridden(event: domain.BookingOverridden) -> facts.BookingOverridden:
    """A decision against the rules."""
    series = event.series
    return facts.BookingOverridden(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(series.plan.plan_id),
        referral_id=str(series.plan.referral_id),
        clinic_id=str(series.plan.clinic_id),
        session=_session(series, event.place),
        reason=event.reason,
        role=event.role,
        rules=event.rules,
        override_time=stamp(series.update_time),
    )


def fee_incurred(event: domain.CancellationFeeIncurred) -> facts.CancellationFeeIncurred:
    """A fee under the cancellation policy."""
    series, fee = event.series, event.fee
    return facts.CancellationFeeIncurred(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(series.plan.plan_id),
        referral_id=str(series.plan.referral_id),
        clinic_id=str(series.plan.clinic_id),
        patient_id=str(series.plan.patient_id),
        session_id=domain.session_id(series.series_id, event.number),
        cause=event.cause.value,
        charge=fee.charge.value,
        currency_code=fee.currency_code,
        minor_units=fee.minor_units,
        percent=fee.percent,
        policy=event.pack,
        incur_time=stamp(series.update_time),
    )


def reminder(series: domain.Series, number: int, hours: int) -> facts.ReminderDue:
    """A session of which the patient is to be reminded."""
    start = series.starts[number - 1]
    return facts.ReminderDue(
        series_id=str(series.series_id),
        revision=series.revision,
        plan_id=str(series.plan.plan_id),
        referral_id=str(series.plan.referral_id),
        clinic_id=str(series.plan.clinic_id),
        patient_id=str(series.plan.patient_id),
        session_id=domain.session_id(series.series_id, number),
        number=number,
        hours_before=hours,
        start_time=stamp(start),
        remind_time=stamp(series.update_time),
    )


def _session(series: domain.Series, place: domain.Placement) -> facts.SessionTime:
    return facts.SessionTime(
        session_id=domain.session_id(series.series_id, place.number),
        number=place.number,
        start_time=stamp(place.start),
        end_time=stamp(place.end),
    )
