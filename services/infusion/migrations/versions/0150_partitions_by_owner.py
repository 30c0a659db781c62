"""The months of readings are made by their owner, for the service owns nothing."""

from alembic import op

revision = "0150"
down_revision = "0140"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """ALTER FUNCTION make_vitals_partition(timestamptz)
        SECURITY DEFINER SET search_path = public, pg_temp"""
    )
