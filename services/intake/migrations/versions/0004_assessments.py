"""Assessments in four coded blocks, each kept with the findings it led to."""

from alembic import op

revision = "0004"
down_revision = "0003"

_STATEMENTS = (
    "DROP TABLE assessment",
    """CREATE TABLE assessment (
        intake_id uuid NOT NULL REFERENCES intake,
        number integer NOT NULL CHECK (number >= 1),
        content jsonb NOT NULL,
        inputs jsonb NOT NULL,
        findings jsonb NOT NULL,
        pack text NOT NULL,
        assessed_by text NOT NULL,
        record_time timestamptz NOT NULL,
        PRIMARY KEY (intake_id, number))""",
    """CREATE TRIGGER assessment_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON assessment
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """ALTER TABLE intake
        DROP COLUMN assessed,
        ADD COLUMN assessment_number integer NOT NULL DEFAULT 0 CHECK (assessment_number >= 0)""",
    "COMMENT ON COLUMN intake.flagged_rules IS 'rule id, a blank, one thing that raised it'",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
