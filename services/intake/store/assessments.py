"""Where assessments are kept: each with the findings it led to, none ever changed."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.intake import domain
from services.intake.store.rows import AssessmentRow

_CONTENT: TypeAdapter[domain.Assessment] = TypeAdapter(domain.Assessment)


def assessment(row: AssessmentRow) -> domain.Assessment:
    """The four blocks in a row."""
    return _CONTENT.validate_python(row.content)


def keep_assessment(tx: Tx, intake: domain.Intake) -> None:
    """The intake's assessment as it was just recorded."""
    assert intake.assessment
    tx.put(
        made(
            AssessmentRow,
            intake_id=intake.intake_id,
            number=intake.assessment_number,
            content=_CONTENT.dump_python(intake.assessment, mode="json"),
            inputs=_inputs(intake),
            findings=[[flag.rule_id, *flag.evidence] for flag in intake.flags],
            pack=intake.pack.label,
            assessed_by=intake.assessment.assessed_by,
            record_time=intake.update_time,
        )
    )


async def assessments_of(tx: Tx, intake: domain.Intake) -> Sequence[domain.Screening]:
    """Every assessment of an intake with what it was judged by, oldest first."""
    asked = select(AssessmentRow).where(col(AssessmentRow.intake_id) == intake.intake_id)
    rows = await tx.rows(asked.order_by(col(AssessmentRow.number)))
    return [
        domain.Screening(
            row.number,
            assessment(row),
            row.inputs["measures"],
            tuple((found[0], tuple(found[1:])) for found in row.findings),
            row.pack,
            row.record_time,
        )
        for row in rows
    ]


def _inputs(intake: domain.Intake) -> dict[str, Any]:
    """What the rules saw besides the assessment itself."""
    need = intake.need
    return {
        "measures": dict(domain.measured(intake.pack, need, intake.assessment)),
        "indication_code": need.indication_code,
        "psychiatric_history": need.psychiatric_history,
        "physical_history": need.physical_history,
        "medications": need.medications,
        "allergies": need.allergies,
    }
