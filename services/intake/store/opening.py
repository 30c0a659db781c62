"""What opening an intake asks besides the intake itself, in one question for a whole batch."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Tx
from chassis.plans import made
from chassis.statements import columns
from services.intake.store.policies import learn_policies
from services.intake.store.records import learn_pasts
from services.intake.store.rows import PolicyRow

# One EXISTS over both tables: an EXISTS of each is planned as reading the whole table (ADR 8).
_ASKED = """
SELECT clinic_id, approval, schedule, pack, time_zone, clinic_revision, patient_id,
    EXISTS (
        SELECT FROM given_session AS past WHERE past.patient_id = asked.patient_id
        UNION ALL SELECT FROM scale_score AS past WHERE past.patient_id = asked.patient_id
    ) AS has_past
FROM unnest($1::uuid[], $2::uuid[]) AS asked (clinic_id, patient_id)
LEFT JOIN clinic_policy USING (clinic_id)
"""
_POLICY = ("clinic_id", "approval", "schedule", "pack", "time_zone", "clinic_revision")


async def load_opening(tx: Tx, asked: Sequence[tuple[UUID, UUID]]) -> None:
    """Prefetch the policies of clinics and the pasts of patients, neither of them locked."""
    async with tx.beyond():
        found = await tx.driver.fetch(_ASKED, *columns(asked))
    await learn_policies(tx, {row["clinic_id"]: _policy_row(row) for row in found})
    await learn_pasts(tx, {row["patient_id"]: row["has_past"] for row in found})


def _policy_row(row: Any) -> PolicyRow | None:
    """None where the clinic has set nothing."""
    if row["approval"] is None:
        return None
    return made(PolicyRow, **{name: row[name] for name in _POLICY})
