"""Rows as domain values and back."""

from chassis.plans import made
from services.scheduling.domain import Placement, Plan, Reason, Series, Status
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
        room_minutes=series.room_minutes,
        delivered=series.delivered,
        hold_expire_time=series.hold_expire_time,
        release_reason=series.release_reason.value if series.release_reason else None,
        payment_id=series.payment_id,
        update_time=series.update_time,
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
        ),
        starts=tuple(row.starts),
        room_minutes=row.room_minutes,
        delivered=row.delivered,
        hold_expire_time=row.hold_expire_time,
        release_reason=Reason(row.release_reason) if row.release_reason else None,
        payment_id=row.payment_id,
        update_time=row.update_time,
    )


def placement(row: BookingRow) -> Placement:
    """A booking's time and resources."""
    return Placement(
        row.number, row.start_time, row.end_time, row.room_id, row.pump_id, row.nurse_id
    )
