"""Series that are not over are listed and counted by an index of their own."""

from alembic import op

revision = "0140"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""CREATE INDEX series_open ON series (status, update_time)
        WHERE status IN ('waitlisted', 'held', 'confirmed')""")
