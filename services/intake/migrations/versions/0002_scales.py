"""Rating scales over time, and the suicide-risk step of an intake."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATEMENTS = (
    """ALTER TABLE intake
        ADD COLUMN risk_open_time timestamptz,
        ADD COLUMN risk_level text NOT NULL DEFAULT '',
        ADD COLUMN risk_screen_time timestamptz,
        ADD COLUMN treated_since timestamptz,
        ADD CONSTRAINT intake_screened CHECK ((risk_level = '') = (risk_screen_time IS NULL))""",
    """CREATE TABLE scale_score (
        score_id uuid PRIMARY KEY,
        intake_id uuid NOT NULL REFERENCES intake,
        patient_id uuid NOT NULL,
        clinic_id uuid NOT NULL,
        scale text NOT NULL,
        total integer CHECK (total >= 0),
        band text NOT NULL,
        prorated boolean NOT NULL,
        alerts integer[] NOT NULL,
        origin text NOT NULL CHECK (origin IN ('assessment', 'session', 'recorded')),
        items integer[] NOT NULL,
        answers integer[] NOT NULL,
        measure_time timestamptz NOT NULL,
        pack text NOT NULL,
        recorded_by text NOT NULL,
        CONSTRAINT scale_score_answers CHECK (cardinality(items) = cardinality(answers)))""",
    "CREATE INDEX scale_score_intake ON scale_score (intake_id)",
    "CREATE INDEX scale_score_patient ON scale_score (patient_id, measure_time)",
    """CREATE TRIGGER scale_score_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON scale_score
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
