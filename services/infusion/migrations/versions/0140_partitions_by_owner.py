"""The months of readings are made by their owner, for the service owns nothing."""

from alembic import op

revision = "0140"
down_revision = "0130"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """ALTER FUNCTION make_vitals_partition(timestamptz)
        SECURITY DEFINER SET search_path = public, pg_temp"""
    )
