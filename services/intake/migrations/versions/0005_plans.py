"""Plans in full: what is individual, versions, signatures, reviews; and the patient's past."""

from alembic import op

revision = "0005"
down_revision = "0004"

_STATEMENTS = (
    """ALTER TABLE intake
        ADD COLUMN agreed text[] NOT NULL DEFAULT '{}',
        ADD COLUMN eligibility jsonb,
        ADD COLUMN plan_version integer NOT NULL DEFAULT 0 CHECK (plan_version >= 0),
        ADD COLUMN plan_state text CHECK (plan_state IN ('active', 'paused', 'stopped')),
        ADD COLUMN plan_state_reason text NOT NULL DEFAULT '',
        ADD COLUMN paused_at_assessment integer NOT NULL DEFAULT 0,
        ADD COLUMN individual jsonb,
        ADD COLUMN signed_by text NOT NULL DEFAULT '',
        ADD COLUMN proposed jsonb,
        ADD CONSTRAINT intake_plan_state CHECK ((plan_state IS NULL) = (dose_number = 0))""",
    "COMMENT ON COLUMN intake.agreed IS 'rule id, a blank, the second specialist'",
    """ALTER TABLE dose_order
        DROP CONSTRAINT dose_order_weight_basis_check,
        ADD CHECK (weight_basis IN ('actual', 'ideal_devine', 'adjusted', 'lean_boer')),
        ADD COLUMN ordered_by text NOT NULL DEFAULT '',
        ADD COLUMN previous_micrograms bigint,
        ADD COLUMN percent_change text NOT NULL DEFAULT ''""",
    "CREATE INDEX dose_order_intake ON dose_order (intake_id, number)",
    """CREATE TABLE plan_version (
        intake_id uuid NOT NULL REFERENCES intake,
        version integer NOT NULL CHECK (version >= 1),
        content jsonb NOT NULL,
        rationale text NOT NULL,
        supersede_time timestamptz NOT NULL,
        PRIMARY KEY (intake_id, version))""",
    """CREATE TABLE finding_review (
        intake_id uuid NOT NULL,
        assessment_number integer NOT NULL,
        reviewed_by text NOT NULL,
        rule_ids text[] NOT NULL,
        rationale text NOT NULL,
        review_time timestamptz NOT NULL,
        PRIMARY KEY (intake_id, assessment_number, reviewed_by, review_time),
        FOREIGN KEY (intake_id, assessment_number) REFERENCES assessment)""",
    """CREATE TABLE given_session (
        session_id uuid PRIMARY KEY,
        intake_id uuid NOT NULL REFERENCES intake,
        patient_id uuid NOT NULL,
        clinic_id uuid NOT NULL,
        begin_time timestamptz NOT NULL,
        given_micrograms bigint NOT NULL CHECK (given_micrograms >= 0))""",
    "CREATE INDEX given_session_patient ON given_session (patient_id, begin_time)",
    *(
        f"""CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"""
        for table in ("plan_version", "finding_review", "given_session")
    ),
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
