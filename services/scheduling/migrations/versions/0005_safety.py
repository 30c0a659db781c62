"""Safety rules of a plan's protocol, and what bars a patient's bookings."""

from alembic import op

revision = "0005"
down_revision = "0004"

_STATEMENTS = (
    "ALTER TABLE series ADD COLUMN limits text[] NOT NULL DEFAULT '{}'",
    """CREATE TABLE safety (
        patient_id uuid PRIMARY KEY,
        review_time timestamptz NOT NULL,
        barriers text[] NOT NULL)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
