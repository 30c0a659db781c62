"""Rows as domain values and back."""

from chassis.plans import made
from services.scheduling.domain import (
    Booking,
    Keeping,
    Placement,
    Plan,
    Reason,
    Series,
    SessionLimit,
    Shape,
    Status,
    standing,
)
from services.scheduling.store.rows import BookingRow, SeriesRow


def series_row(series: Series) -> SeriesRow:
    """A series as a row."""
    plan = series.plan
    return made(
        SeriesRow,
        series_id=series.series_id,
        revision=series.revision,
        status=series.status.value,
        plan_id=plan.plan_id,
        referral_id=plan.referral_id,
        patient_id=plan.patient_id,
        clinic_id=plan.clinic_id,
        indication_code=plan.indication_code,
        weeks=list(plan.weeks),
        min_gap_hours=plan.min_gap_hours,
        infusion_minutes=plan.infusion_minutes,
        recovery_minutes=plan.recovery_minutes,
        starts=list(series.starts),
        shape=list(series.shape),
        delivered=series.delivered,
        hold_expire_time=series.hold_expire_time,
        release_reason=series.release_reason.value if series.release_reason else None,
        payment_id=series.payment_id,
        update_time=series.update_time,
        urgent=plan.urgent,
        reminded_time=series.reminded_time,
        kap=plan.therapist,
        maintain_every=plan.maintain_every,
        rule=series.rule,
        limits=[f"{one.rule_id} {one.days} {one.at_most}" for one in plan.limits],
        plan_version=plan.version,
    )


def series_of_row(row: SeriesRow) -> Series:
    """A row as a series."""
    return Series(
        series_id=row.series_id,
        revision=row.revision,
        status=Status(row.status),
        plan=Plan(
            row.plan_id,
            row.referral_id,
            row.patient_id,
            row.clinic_id,
            row.indication_code,
            tuple(row.weeks),
            row.min_gap_hours,
            row.infusion_minutes,
            row.recovery_minutes,
            row.urgent,
            row.kap,
            row.maintain_every,
            tuple(map(_limit, row.limits)),
            row.plan_version,
        ),
        starts=tuple(row.starts),
        shape=Shape(*row.shape),
        delivered=row.delivered,
        hold_expire_time=row.hold_expire_time,
        release_reason=Reason(row.release_reason) if row.release_reason else None,
        payment_id=row.payment_id,
        update_time=row.update_time,
        reminded_time=row.reminded_time,
        rule=row.rule,
    )


def _limit(told: str) -> SessionLimit:
    rule_id, days, most = told.split(" ")
    return SessionLimit(rule_id, int(days), int(most))


def placement(row: BookingRow) -> Placement:
    """A booking's times and resources."""
    return Placement(
        row.number,
        row.start_time,
        row.infuse_time,
        row.infuse_end_time,
        row.room_end_time,
        row.end_time,
        row.room_id,
        row.pump_id,
        row.nurse_id,
        row.nurse_place,
        row.monitor_id,
        row.chair_id,
        row.therapist_id,
    )


def booking(row: BookingRow, series: Status) -> Booking:
    """A row as a booking of a series that stands so."""
    kept = standing(Keeping(row.status), series, arrived=row.arrive_time is not None)
    return Booking(row.series_id, placement(row), kept, row.arrive_time)


def booking_row(series: Series, place: Placement) -> BookingRow:
    """A taken time as a row."""
    return made(
        BookingRow,
        series_id=series.series_id,
        number=place.number,
        clinic_id=series.plan.clinic_id,
        room_id=place.room_id,
        pump_id=place.pump_id,
        nurse_id=place.nurse_id,
        start_time=place.start,
        end_time=place.end,
        status=_TAKEN,
        infuse_time=place.infuse,
        infuse_end_time=place.infuse_end,
        room_end_time=place.room_end,
        nurse_place=place.nurse_place,
        monitor_id=place.monitor_id,
        chair_id=place.chair_id,
        therapist_id=place.therapist_id,
        arrive_time=None,
    )


_TAKEN = Keeping.TAKEN.value
