"""How a payment came and what for; what a plan still leaves to pay, and its instalments."""

from alembic import op

revision = "0031"
down_revision = "0030"

_STATEMENTS = (
    """ALTER TABLE payment
        ADD COLUMN method text NOT NULL DEFAULT 'online'
            CHECK (method IN ('online', 'cash', 'card_terminal')),
        ADD COLUMN purpose text NOT NULL DEFAULT 'package'
            CHECK (purpose IN ('package', 'deposit', 'instalment'))""",
    """ALTER TABLE invoice
        ADD COLUMN outstanding_minor_units bigint NOT NULL DEFAULT 0,
        ADD CONSTRAINT invoice_outstanding
            CHECK (outstanding_minor_units BETWEEN 0 AND total_minor_units)""",
    """CREATE TABLE instalment (
        payment_id uuid PRIMARY KEY,
        invoice_id uuid NOT NULL REFERENCES invoice,
        attempt integer NOT NULL,
        number integer NOT NULL CHECK (number >= 1),
        minor_units bigint NOT NULL CHECK (minor_units > 0),
        currency_code char(3) NOT NULL,
        due_time timestamptz NOT NULL,
        policy text NOT NULL,
        UNIQUE (invoice_id, attempt, number))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
