"""Until when a suicide-risk screener keeps a patient from being treated."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE risk_screening (
            patient_id uuid PRIMARY KEY,
            screen_time timestamptz NOT NULL,
            block_until timestamptz)"""
    )
