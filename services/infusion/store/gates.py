"""What the gates look at: checklists, confirmations, overrides, the assessment of the way home."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.infusion import domain, wire
from services.infusion.store.clocks import zone_of
from services.infusion.store.orders import order_in_force
from services.infusion.store.readings import readings
from services.infusion.store.risks import screening
from services.infusion.store.standings import standing
from services.infusion.store.visit_rows import (
    DischargeRow,
    DoubleCheckRow,
    OverrideRow,
    StartFormRow,
)


async def evidence(tx: Tx, visit: domain.Visit) -> domain.Evidence:
    """Everything of this arrival that the start gate looks at; what was before it is past."""
    order = await order_in_force(tx, visit.course.plan_id)
    minutes, stands = visit.course.infusion_minutes, await standing(tx, visit.course.plan_id)
    if visit.attendance is None:
        return domain.Evidence(None, None, (), (), order, minutes, standing=stands)
    session_id, since = visit.session.session_id, visit.attendance.arrive_time
    early = since - timedelta(minutes=visit.pack.windows.before_start_minutes)
    form = await _form(tx, session_id)
    return domain.Evidence(
        form if form and form.check_time >= since else None,
        await _double_check(tx, session_id, since),
        await overrides(tx, visit, "start"),
        await readings(tx, session_id, early),
        order,
        minutes,
        form.number if form else 0,
        stands,
        await zone_of(tx, visit.session.clinic_id),
        await screening(tx, patient_id) if (patient_id := visit.course.patient_id) else None,
    )


async def overrides(tx: Tx, visit: domain.Visit, gate: str) -> Sequence[domain.Override]:
    """What prescribers answered for at a gate, since the arrival."""
    assert visit.attendance
    asked = (
        select(OverrideRow)
        .where(col(OverrideRow.session_id) == visit.session.session_id)
        .where(col(OverrideRow.gate) == gate)
        .where(col(OverrideRow.override_time) >= visit.attendance.arrive_time)
        .order_by(col(OverrideRow.override_time), col(OverrideRow.item))
    )
    rows = await tx.rows(asked)
    return [
        domain.Override(row.item, row.reason_code, row.rationale, row.prescriber, row.override_time)
        for row in rows
    ]


def keep_form(tx: Tx, session_id: UUID, form: domain.Form) -> None:
    """A checklist is added."""
    tx.put(
        made(
            StartFormRow,
            session_id=session_id,
            number=form.number,
            content=wire.checklist_text(form.checklist),
            recorded_by=form.recorded_by,
            check_time=form.check_time,
        )
    )


def keep_double_check(tx: Tx, session_id: UUID, check: domain.DoubleCheck) -> None:
    """A confirmation is added."""
    tx.put(
        made(
            DoubleCheckRow,
            session_id=session_id,
            confirm_time=check.confirm_time,
            content=wire.dose_text(check.confirmed),
            confirmed_by=check.confirmed_by,
        )
    )


def keep_overrides(
    tx: Tx, session_id: UUID, gate: str, answered: Iterable[domain.Override]
) -> None:
    """Overrides are added."""
    for one in answered:
        tx.put(
            made(
                OverrideRow,
                session_id=session_id,
                gate=gate,
                item=one.item,
                override_time=one.override_time,
                reason_code=one.reason_code,
                rationale=one.rationale,
                prescriber=one.prescriber,
            )
        )


def keep_discharge(tx: Tx, visit: domain.Visit, content: str, who: str) -> None:
    """The assessment that a patient goes home on."""
    assert visit.attendance
    about = {"recorded_by": who, "discharge_time": visit.attendance.leave_time}
    tx.put(made(DischargeRow, session_id=visit.session.session_id, content=content, **about))


async def discharge_text(tx: Tx, session_id: UUID) -> str:
    """The assessment that the patient went home on; empty before that."""
    row = await tx.find(DischargeRow, session_id)
    return row.content if row else ""


async def _form(tx: Tx, session_id: UUID) -> domain.Form | None:
    number = col(StartFormRow.number)
    mine = col(StartFormRow.session_id) == session_id
    rows = await tx.rows(select(StartFormRow).where(mine).order_by(number.desc()).limit(1))
    if not rows:
        return None
    (row,) = rows
    checklist = wire.checklist_read(row.content)
    return domain.Form(row.number, checklist, row.recorded_by, row.check_time)


async def _double_check(tx: Tx, session_id: UUID, since: datetime) -> domain.DoubleCheck | None:
    when = col(DoubleCheckRow.confirm_time)
    mine = col(DoubleCheckRow.session_id) == session_id
    asked = select(DoubleCheckRow).where(mine).where(when >= since)
    rows = await tx.rows(asked.order_by(when.desc()).limit(1))
    if not rows:
        return None
    (row,) = rows
    seen = wire.checklist_read(row.content).dose_part
    return domain.DoubleCheck(seen, row.confirmed_by, row.confirm_time)
