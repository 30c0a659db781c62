"""Each clinic's intakes are that clinic's, in PostgreSQL as well."""

from alembic import op

from chassis.tenancy import of_clinic, of_parent, shared

revision = "0150"
down_revision = "0130"
branch_labels = None
depends_on = None

_OWNED = ("intake", "given_session", "scale_score", "clinic_policy")
_OF_INTAKE = ("assessment", "dose_order", "plan_version", "finding_review")
_STATEMENTS = (
    *(one for table in _OWNED for one in of_clinic(table)),
    *(one for table in _OF_INTAKE for one in of_parent(table, "intake", "intake_id")),
    *shared("protocol_pack"),
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
