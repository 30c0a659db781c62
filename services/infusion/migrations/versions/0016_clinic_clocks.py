"""By which clock each clinic's days begin and end."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute(
        """CREATE TABLE clinic_clock (
            clinic_id uuid PRIMARY KEY,
            revision bigint NOT NULL,
            time_zone text NOT NULL)"""
    )
