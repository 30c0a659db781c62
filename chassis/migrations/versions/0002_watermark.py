"""How far the stream once reached; and what is written in the order of time is found by its time."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Rows come in the order of time, so a summary of each range of pages finds them and costs a writer nothing.
_CHANGES = (
    """CREATE TABLE watermark (
        stream text PRIMARY KEY, epoch integer NOT NULL, last_seq bigint NOT NULL,
        own_seq bigint NOT NULL, own_id uuid, heard_since timestamptz NOT NULL,
        regressed boolean NOT NULL)""",
    "CREATE INDEX inbox_by_time ON inbox USING brin (handled_at) WITH (autosummarize = on)",
    "CREATE INDEX outbox_by_time ON outbox USING brin (recorded_at) WITH (autosummarize = on)",
)


def upgrade() -> None:
    for change in _CHANGES:
        op.execute(change)
