"""An instalment that failed is tried again; what a package covers wholly is paid with nothing."""

from alembic import op

revision = "0110"
down_revision = "0052"

_STATEMENTS = (
    """ALTER TABLE instalment
        ADD COLUMN tries integer NOT NULL DEFAULT 1 CHECK (tries BETWEEN 1 AND 9)""",
    """ALTER TABLE payment DROP CONSTRAINT payment_minor_units_check,
        ADD CONSTRAINT payment_minor_units_check
            CHECK (minor_units > 0 OR (minor_units = 0 AND status = 'collected'))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
