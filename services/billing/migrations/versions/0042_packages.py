"""Packages sold by themselves, and series that draw their sessions from one."""

from alembic import op

revision = "0042"
down_revision = "0041"

_STATEMENTS = (
    """ALTER TABLE invoice
        ADD COLUMN package_id uuid REFERENCES invoice,
        ADD COLUMN covered_count integer NOT NULL DEFAULT 0 CHECK (covered_count >= 0),
        ADD CONSTRAINT invoice_covered CHECK (covered_count = 0 OR package_id IS NOT NULL),
        DROP CONSTRAINT invoice_issued_or_void,
        ADD CONSTRAINT invoice_issued_or_void CHECK (
            CASE revision WHEN 0 THEN status = 'void' AND attempt = 0 AND session_count = 0
            ELSE attempt > 0 AND unit_minor_units > 0
                AND (session_count > 0 OR package_id IS NOT NULL) END)""",
    "CREATE INDEX invoice_package ON invoice (package_id) WHERE package_id IS NOT NULL",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
