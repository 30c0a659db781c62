"""Clinics' time zones, and until when a suicide-risk screener speaks."""

from alembic import op

revision = "0006"
down_revision = "0005"

_STATEMENTS = (
    """ALTER TABLE clinic_policy ADD COLUMN time_zone text,
        ADD COLUMN clinic_revision bigint NOT NULL DEFAULT 0""",
    "ALTER TABLE intake ADD COLUMN risk_until timestamptz",
    "UPDATE intake SET risk_until = risk_screen_time + interval '1 day'",
    """ALTER TABLE intake ADD CONSTRAINT intake_screened_until
        CHECK ((risk_screen_time IS NULL) = (risk_until IS NULL))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
