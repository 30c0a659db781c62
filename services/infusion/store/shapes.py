"""Entities as rows and rows as entities."""

from chassis.plans import made
from services.infusion import domain
from services.infusion.store.rows import CourseRow, DoseOrderRow, InfusionRow, SessionRow


def course(row: CourseRow) -> domain.Course:
    """The course that a row tells of."""
    return domain.Course(
        row.course_id,
        row.revision,
        row.series_revision,
        row.series_id,
        row.plan_id,
        row.referral_id,
        row.patient_id,
        row.clinic_id,
        row.session_count,
        row.infusion_minutes,
        row.highest_number,
    )


def course_row(course: domain.Course) -> CourseRow:
    """The row of a course."""
    return made(
        CourseRow,
        course_id=course.course_id,
        revision=course.revision,
        series_revision=course.series_revision,
        series_id=course.series_id,
        plan_id=course.plan_id,
        referral_id=course.referral_id,
        patient_id=course.patient_id,
        clinic_id=course.clinic_id,
        session_count=course.session_count,
        infusion_minutes=course.infusion_minutes,
        highest_number=course.highest_number,
    )


def session(row: SessionRow) -> domain.Session:
    """The session that a row tells of."""
    return domain.Session(
        row.session_id,
        row.course_id,
        row.clinic_id,
        row.number,
        row.planned_start_time,
        domain.Status(row.status),
        row.revision,
    )


def session_row(session: domain.Session) -> SessionRow:
    """The row of a session."""
    return made(
        SessionRow,
        session_id=session.session_id,
        course_id=session.course_id,
        clinic_id=session.clinic_id,
        number=session.number,
        planned_start_time=session.planned_start_time,
        status=session.status.value,
        revision=session.revision,
    )


def infusion(row: InfusionRow) -> domain.Infusion:
    """The infusion that a row tells of."""
    baseline = domain.Vitals(
        row.baseline_time,
        row.oxygen_saturation,
        row.heart_rate,
        row.systolic,
        row.diastolic,
        row.moaas,
    )
    return domain.Infusion(
        row.dose_order_id,
        row.ordered_micrograms,
        row.start_time,
        baseline,
        row.phq9_score,
        _ending(row),
    )


def infusion_row(session: domain.Session, infusion: domain.Infusion) -> InfusionRow:
    """The row of an infusion."""
    baseline, ending = infusion.baseline, infusion.ending
    return made(
        InfusionRow,
        session_id=session.session_id,
        dose_order_id=infusion.dose_order_id,
        ordered_micrograms=infusion.ordered_micrograms,
        start_time=infusion.start_time,
        oxygen_saturation=baseline.oxygen_saturation,
        heart_rate=baseline.heart_rate,
        systolic=baseline.systolic,
        diastolic=baseline.diastolic,
        moaas=baseline.moaas,
        baseline_time=baseline.measure_time,
        phq9_score=infusion.phq9_score,
        given_micrograms=ending.given_micrograms if ending else None,
        running_minutes=ending.running_minutes if ending else None,
        adverse_events=list(ending.adverse_events) if ending else [],
        end_time=ending.end_time if ending else None,
    )


def order(row: DoseOrderRow) -> domain.DoseOrder:
    """The dose order that a row tells of."""
    return domain.DoseOrder(
        row.plan_id, row.number, row.dose_order_id, row.dose_micrograms, row.order_time
    )


def order_row(order: domain.DoseOrder) -> DoseOrderRow:
    """The row of a dose order."""
    return made(
        DoseOrderRow,
        plan_id=order.plan_id,
        number=order.number,
        dose_order_id=order.dose_order_id,
        dose_micrograms=order.dose_micrograms,
        order_time=order.order_time,
    )


def _ending(row: InfusionRow) -> domain.Ending | None:
    if row.end_time is None or row.given_micrograms is None or row.running_minutes is None:
        return None
    events = tuple(row.adverse_events)
    return domain.Ending(row.given_micrograms, row.running_minutes, events, row.end_time)
