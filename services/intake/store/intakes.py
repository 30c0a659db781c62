"""Where intakes are kept, with their assessment and the dose order in force."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlmodel import col

from chassis.database import Tx
from chassis.ids import uuid_of
from chassis.refusal import NotFound
from services.intake import domain, wire
from services.intake.store import shapes
from services.intake.store.assessments import keep_assessment
from services.intake.store.plans import keep_review, keep_version
from services.intake.store.publications import (
    load_packs,
    pack,
)
from services.intake.store.records import add_to_record, keep_given
from services.intake.store.rows import AssessmentRow, DoseOrderRow, IntakeRow
from services.intake.store.scores import keep_score

_NOBODY = UUID(int=0)


async def find(tx: Tx, intake_id: UUID) -> domain.Intake | None:
    """An intake with its assessment and the dose order in force."""
    row = await tx.find(IntakeRow, intake_id)
    return await _whole(tx, row) if row else None


async def get(tx: Tx, intake_id: UUID) -> domain.Intake:
    """An intake that somebody may ask about: one that was opened."""
    found = await find(tx, intake_id)
    if found is None or not found.need.is_told:
        raise unknown()
    return found


def unknown() -> NotFound:
    """The same words for an intake that is not there and one that is not the caller's to see."""
    return NotFound("INTAKE_NOT_FOUND", "No such intake.")


def record(tx: Tx, intake: domain.Intake, events: Iterable[domain.Event]) -> None:
    """Keep the new state and its events together."""
    tx.put(shapes.intake_row(intake))
    if intake.plan:
        tx.put(shapes.order_row(intake, intake.plan.dose))
    for event in events:
        _keep(tx, event)


def _keep(tx: Tx, event: domain.Event) -> None:
    match event:
        case domain.ScoreTaken():
            keep_score(tx, event.score)
            add_to_record(tx, event.score)
        case domain.SessionGiven():
            keep_given(tx, event.given)
        case domain.FindingsReviewed():
            keep_review(tx, event)
        case domain.PlanSuperseded():
            keep_version(tx, event)
        case domain.AssessmentRecorded():
            keep_assessment(tx, event.intake)
            tx.emit(wire.event(event))
        case _:
            tx.emit(wire.event(event))


async def prefetch(tx: Tx, referral_ids: Iterable[str]) -> None:
    """The intakes of a batch, whole, in three queries at most."""
    ids = [domain.intake_id(uuid_of(referral_id)) for referral_id in referral_ids]
    await tx.load(IntakeRow, ids)
    if rows := [row for intake_id in ids if (row := await tx.find(IntakeRow, intake_id))]:
        await _load_parts(tx, rows)


@dataclass(frozen=True, slots=True)
class Question:
    """Which intakes, from where, and how many."""

    clinic_ids: frozenset[UUID] | None
    status: domain.Status | None
    after: tuple[datetime, UUID] | None
    limit: int


async def listed(tx: Tx, question: Question) -> Sequence[domain.Intake]:
    """Intakes, oldest first."""
    place = tuple_(col(IntakeRow.open_time), col(IntakeRow.intake_id))
    asked = select(IntakeRow).where(col(IntakeRow.patient_id) != _NOBODY)
    if question.clinic_ids is not None:
        asked = asked.where(col(IntakeRow.clinic_id).in_(question.clinic_ids))
    if question.status:
        asked = asked.where(col(IntakeRow.status) == question.status.value)
    if question.after:
        asked = asked.where(place > question.after)
    order = (col(IntakeRow.open_time), col(IntakeRow.intake_id))
    rows = await tx.rows(asked.order_by(*order).limit(question.limit))
    await _load_parts(tx, rows)
    return [await _whole(tx, row) for row in rows]


async def _whole(tx: Tx, row: IntakeRow) -> domain.Intake:
    found = await tx.find(AssessmentRow, _assessment_id(row)) if row.assessment_number else None
    order = await tx.find(DoseOrderRow, _order_id(row)) if row.dose_number else None
    return shapes.intake(row, await pack(tx, row.pack), found, order)


async def _load_parts(tx: Tx, rows: Sequence[IntakeRow]) -> None:
    await load_packs(tx, {row.pack for row in rows})
    if assessed := [_assessment_id(row) for row in rows if row.assessment_number]:
        await tx.load(AssessmentRow, assessed)
    if planned := [_order_id(row) for row in rows if row.dose_number]:
        await tx.load(DoseOrderRow, planned)


def _assessment_id(row: IntakeRow) -> tuple[UUID, int]:
    return row.intake_id, row.assessment_number


def _order_id(row: IntakeRow) -> UUID:
    return domain.dose_order_id(domain.plan_id(row.intake_id), row.dose_number)
