"""New times of single sessions, told apart from their series and perhaps before it."""

from alembic import op

revision = "0012"
down_revision = "0011"

_STATEMENTS = (
    "ALTER TABLE course DROP CONSTRAINT course_series_revision_check",
    "ALTER TABLE course ADD CONSTRAINT course_series_revision_check CHECK (series_revision >= 0)",
    "ALTER TABLE course ADD booked boolean NOT NULL DEFAULT false",
    """UPDATE course SET booked = EXISTS (SELECT FROM session
        WHERE session.course_id = course.course_id AND status <> 'cancelled')""",
    """ALTER TABLE course DROP CONSTRAINT course_of_a_patient,
        ADD CONSTRAINT course_of_a_patient CHECK (NOT booked OR patient_id IS NOT NULL)""",
    """CREATE TABLE session_word (
        session_id uuid PRIMARY KEY,
        number integer NOT NULL CHECK (number >= 1),
        revision bigint NOT NULL CHECK (revision >= 1),
        start_time timestamptz,
        clinic_id uuid NOT NULL)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
