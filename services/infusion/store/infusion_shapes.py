"""An infusion with its pump intervals, as rows and from rows."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from chassis.plans import made
from services.infusion import domain
from services.infusion.store.rows import InfusionRow, IntervalRow


def infusion(row: InfusionRow, intervals: Sequence[IntervalRow]) -> domain.Infusion:
    """The infusion that the rows tell of."""
    baseline = domain.Vitals(
        row.baseline_time,
        row.oxygen_saturation,
        row.heart_rate,
        row.systolic,
        row.diastolic,
        row.moaas,
        row.respiratory_rate,
        row.rass,
    )
    return domain.Infusion(
        row.dose_order_id,
        row.ordered_micrograms,
        row.start_time,
        baseline,
        row.phq9_score,
        domain.Drug(row.ndc, row.lot, row.expire_date),
        _setting(row),
        tuple(
            domain.Interval(one.start_time, one.rate_ml_per_h, one.end_time) for one in intervals
        ),
        _ending(row),
    )


def infusion_row(session_id: UUID, infusion: domain.Infusion) -> InfusionRow:
    """The row of an infusion."""
    baseline, setting, ending = infusion.baseline, infusion.setting, infusion.ending
    return made(
        InfusionRow,
        session_id=session_id,
        dose_order_id=infusion.dose_order_id,
        ordered_micrograms=infusion.ordered_micrograms,
        start_time=infusion.start_time,
        oxygen_saturation=baseline.oxygen_saturation,
        heart_rate=baseline.heart_rate,
        systolic=baseline.systolic,
        diastolic=baseline.diastolic,
        moaas=baseline.moaas,
        respiratory_rate=baseline.respiratory_rate,
        rass=baseline.rass,
        baseline_time=baseline.measure_time,
        phq9_score=infusion.phq9_score,
        ndc=infusion.drug.ndc,
        lot=infusion.drug.lot,
        expire_date=infusion.drug.expire_date,
        dose_mg=setting.dose_mg,
        concentration_mg_per_ml=setting.concentration_mg_per_ml,
        volume_ml=setting.volume_ml,
        minutes=setting.minutes,
        rate_ml_per_h=setting.rate_ml_per_h,
        given_micrograms=ending.given_micrograms if ending else None,
        running_minutes=ending.running_minutes if ending else None,
        adverse_events=list(ending.adverse_events) if ending else [],
        end_time=ending.end_time if ending else None,
        delivered_ml=ending.delivered_ml if ending else None,
        stopped_early=ending.stopped_early if ending else None,
        stop_reason=ending.stop_reason if ending else None,
    )


def interval_rows(session_id: UUID, infusion: domain.Infusion) -> Iterator[IntervalRow]:
    """The rows of the pump's intervals."""
    for number, one in enumerate(infusion.intervals, 1):
        yield made(
            IntervalRow,
            session_id=session_id,
            number=number,
            start_time=one.start_time,
            rate_ml_per_h=one.rate_ml_per_h,
            end_time=one.end_time,
        )


def _setting(row: InfusionRow) -> domain.Setting:
    return domain.Setting(
        row.dose_mg,
        row.concentration_mg_per_ml,
        row.volume_ml,
        row.minutes,
        row.rate_ml_per_h,
    )


def _ending(row: InfusionRow) -> domain.Ending | None:
    if row.end_time is None or row.given_micrograms is None or row.running_minutes is None:
        return None
    return domain.Ending(
        bool(row.stopped_early),
        row.stop_reason or "",
        row.delivered_ml if row.delivered_ml is not None else row.volume_ml,
        row.given_micrograms,
        row.running_minutes,
        tuple(row.adverse_events),
        row.end_time,
    )
