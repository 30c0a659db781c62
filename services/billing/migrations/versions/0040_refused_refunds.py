"""A whole payment that the gateway will not send back is a refund of no session in particular."""

from alembic import op

revision = "0040"
down_revision = "0031"

_STATEMENTS = (
    "ALTER TABLE refund DROP CONSTRAINT refund_for_one_thing",
    """ALTER TABLE refund ADD CONSTRAINT refund_for_one_thing CHECK (
        CASE WHEN reason = 'gateway_refused' THEN session_count = 0 AND superbill_id IS NULL
        ELSE (session_count > 0) <> (superbill_id IS NOT NULL) END)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
