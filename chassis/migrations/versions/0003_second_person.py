"""What one person proposes and another must repeat."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLE = """CREATE TABLE proposal (
    target text PRIMARY KEY, actor text NOT NULL, reason text NOT NULL,
    proposed_at timestamptz NOT NULL)"""


def upgrade() -> None:
    op.execute(_TABLE)
