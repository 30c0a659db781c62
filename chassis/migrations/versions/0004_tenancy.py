"""The audit is seen by its clinic; the chassis's other tables hold nothing of a clinic's own."""

from alembic import op

from chassis.tenancy import open_to_all, word, written_by_all

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OPERATED = "only the loops and the operations contract read it, and neither is bounded by clinics"
_REASONS = {
    **dict.fromkeys(("outbox", "inbox", "parked", "due", "errand", "attempt"), _OPERATED),
    **dict.fromkeys(("pause", "operation", "proposal", "watermark"), _OPERATED),
    "emergency_grant": "it is asked for by its own id, and heeded only for its holder",
}


def upgrade() -> None:
    for statement in written_by_all("audit", word("clinic_id::text")) + open_to_all(_REASONS):
        op.execute(statement)
