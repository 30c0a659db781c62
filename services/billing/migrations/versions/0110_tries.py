"""Instalments are tried again, nothing can be a payment, and refunds are set off what is owed."""

from alembic import op

revision = "0110"
down_revision = "0052"

_STATEMENTS = (
    """ALTER TABLE instalment
        ADD COLUMN tries integer NOT NULL DEFAULT 1 CHECK (tries BETWEEN 1 AND 9)""",
    """ALTER TABLE payment DROP CONSTRAINT payment_minor_units_check,
        ADD CONSTRAINT payment_minor_units_check
            CHECK (minor_units > 0 OR (minor_units = 0 AND status = 'collected'))""",
    """ALTER TABLE refund
        ADD COLUMN set_off_minor_units bigint NOT NULL DEFAULT 0 CHECK (set_off_minor_units >= 0),
        DROP CONSTRAINT refund_minor_units_check,
        ADD CONSTRAINT refund_minor_units_check
            CHECK (minor_units >= 0 AND minor_units + set_off_minor_units > 0)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
