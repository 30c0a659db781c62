"""What a person needs to unstick a flow: attempts, pauses, the operations log."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Columns are added and may be NULL: a process of the version before goes on writing its rows.
_CHANGES = (
    """ALTER TABLE parked ADD COLUMN entity_id uuid, ADD COLUMN flow_id uuid,
        ADD COLUMN held_by text""",
    "CREATE INDEX parked_of_flow ON parked (flow_id) WHERE replayed_at IS NULL",
    "CREATE INDEX parked_in_order ON parked (stream_seq, event_id) WHERE replayed_at IS NULL",
    """CREATE INDEX parked_held ON parked (stream_seq)
        WHERE replayed_at IS NULL AND held_by IS NOT NULL""",
    "ALTER TABLE due ADD COLUMN error_class text",
    "ALTER TABLE errand ADD COLUMN error_class text",
    """CREATE TABLE attempt (
        event_id uuid PRIMARY KEY, subject text NOT NULL, flow_id uuid,
        stream_seq bigint NOT NULL, attempts integer NOT NULL, error_class text NOT NULL,
        tried_by uuid, retry_at timestamptz)""",
    "CREATE INDEX attempt_of_flow ON attempt (flow_id)",
    """CREATE TABLE pause (
        kind text NOT NULL CHECK (kind IN ('flow', 'fact', 'clinic', 'consumer')),
        name text NOT NULL, actor text NOT NULL, reason text NOT NULL,
        paused_at timestamptz NOT NULL, resumed_at timestamptz, PRIMARY KEY (kind, name))""",
    """CREATE TABLE operation (
        operation_id uuid PRIMARY KEY, operated_at timestamptz NOT NULL, actor text NOT NULL,
        action text NOT NULL, target text NOT NULL, reason text NOT NULL)""",
    "CREATE INDEX operation_newest ON operation (operated_at DESC, operation_id DESC)",
)


def upgrade() -> None:
    for change in _CHANGES:
        op.execute(change)
