"""Sessions that are not over are listed and counted by an index of their own.

A status moves often, this column once: an index on it keeps all other updates in place.
"""

from alembic import op

revision = "0140"
down_revision = "0130"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""ALTER TABLE session ADD COLUMN open boolean NOT NULL GENERATED ALWAYS AS (
        status NOT IN ('discharged', 'transferred', 'no_show', 'cancelled')) STORED""")
    op.execute("CREATE INDEX session_open ON session (planned_start_time) WHERE open")
