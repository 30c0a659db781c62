"""What a gateway says: payments in doubt or waiting for the payer, and the webhooks heard."""

from alembic import op

revision = "0010"
down_revision = "0001"

_STATEMENTS = (
    """ALTER TABLE payment DROP CONSTRAINT payment_status_check,
        ADD CONSTRAINT payment_status_check CHECK (status IN ('pending', 'unknown',
            'action_needed', 'cancelling', 'collected', 'failed', 'cancelled', 'refund_pending',
            'refunded')),
        ADD COLUMN reference text NOT NULL DEFAULT '',
        ADD COLUMN action text NOT NULL DEFAULT ''""",
    """CREATE TABLE webhook (
        event_id text PRIMARY KEY,
        gateway text NOT NULL,
        kind text NOT NULL,
        payment_id uuid,
        receive_time timestamptz NOT NULL)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
