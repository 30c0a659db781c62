"""Times that sessions once had; what is urgent; how far reminders have come."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CHANGES = (
    """CREATE TABLE past (
        series_id uuid NOT NULL, number smallint NOT NULL, attempt smallint NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('no_show', 'cancelled', 'moved')),
        reason text NOT NULL, start_time timestamptz NOT NULL, end_time timestamptz NOT NULL,
        at timestamptz NOT NULL, fee text NOT NULL, request_id uuid NOT NULL,
        PRIMARY KEY (series_id, number, attempt))""",
    """CREATE TABLE repair (
        closure_id uuid PRIMARY KEY REFERENCES closure, clinic_id uuid NOT NULL,
        steps jsonb NOT NULL)""",
    # A patient's feed goes with the patient; a resource's stays in its clinic.
    """CREATE TABLE feed (
        feed_id uuid PRIMARY KEY, token_hash text NOT NULL UNIQUE, clinic_id uuid NOT NULL,
        patient_id uuid, resource_id uuid, CHECK (num_nonnulls(patient_id, resource_id) = 1))""",
    """ALTER TABLE series ADD COLUMN urgent boolean NOT NULL DEFAULT false,
        ADD COLUMN reminded_time timestamptz""",
    """CREATE INDEX series_waiting ON series (clinic_id, urgent DESC, update_time)
        WHERE status = 'waitlisted'""",
)


def upgrade() -> None:
    for statement in _CHANGES:
        op.execute(statement)
