"""Each clinic's money is that clinic's, in PostgreSQL as well."""

from alembic import op

from chassis.tenancy import of_clinic, of_parent, of_process

revision = "0150"
down_revision = "0130"
branch_labels = None
depends_on = None

_OWNED = (
    *("billing_profile", "clinic", "clinic_price", "clinic_terms", "co_provider"),
    *("invoice", "estimate", "charge", "card", "superbill", "missed_session_fee"),
    *("refund", "dispute", "reminder", "journal_entry", "closed_period"),
)
_STATEMENTS = (
    *(one for table in _OWNED for one in of_clinic(table)),
    *of_parent("payment", "invoice", "invoice_id"),
    *of_parent("instalment", "invoice", "invoice_id"),
    *of_parent("refund_part", "refund", "refund_id"),
    *of_process("webhook"),
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
