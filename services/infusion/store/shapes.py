"""What is booked and ordered, as rows and from rows."""

from chassis.plans import made
from services.infusion import domain
from services.infusion.store.rows import CourseRow, DoseOrderRow, SessionRow, WordRow


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
        row.booked,
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
        booked=course.booked,
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


def word(row: WordRow) -> domain.Word:
    """What was said of a session alone."""
    return domain.Word(row.session_id, row.number, row.revision, row.start_time, row.clinic_id)


def word_row(word: domain.Word) -> WordRow:
    """The row of a word."""
    return made(
        WordRow,
        session_id=word.session_id,
        number=word.number,
        revision=word.revision,
        start_time=word.start_time,
        clinic_id=word.clinic_id,
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
