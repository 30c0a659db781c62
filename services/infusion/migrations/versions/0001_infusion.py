"""Courses, sessions, infusions, dose orders and readings."""

from alembic import op

from chassis.tables import create_chassis_tables

revision = "0001"
down_revision = None

_STATEMENTS = (
    """CREATE TABLE course (
        course_id uuid PRIMARY KEY,
        revision bigint NOT NULL CHECK (revision >= 0),
        series_revision bigint NOT NULL CHECK (series_revision >= 1),
        series_id uuid NOT NULL,
        plan_id uuid NOT NULL,
        referral_id uuid NOT NULL,
        patient_id uuid,
        clinic_id uuid NOT NULL,
        session_count integer NOT NULL CHECK (session_count >= 0),
        infusion_minutes integer NOT NULL CHECK (infusion_minutes >= 0),
        highest_number integer NOT NULL CHECK (highest_number >= session_count),
        CONSTRAINT course_of_a_patient CHECK (session_count = 0 OR patient_id IS NOT NULL))""",
    # No REFERENCES course: both are written by the same statement batch, eight sessions a series.
    """CREATE TABLE session (
        session_id uuid PRIMARY KEY,
        course_id uuid NOT NULL,
        clinic_id uuid NOT NULL,
        number integer NOT NULL CHECK (number >= 1),
        planned_start_time timestamptz NOT NULL,
        status text NOT NULL CHECK (status IN ('planned', 'infusing', 'completed',
            'stopped_early', 'cancelled')),
        revision integer NOT NULL CHECK (revision BETWEEN 0 AND 2))
        WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05)""",
    "CREATE INDEX session_by_start ON session (planned_start_time, session_id)",
    "CREATE INDEX session_clinic ON session (clinic_id, planned_start_time, session_id)",
    """CREATE TABLE infusion (
        session_id uuid PRIMARY KEY REFERENCES session,
        dose_order_id uuid NOT NULL,
        ordered_micrograms bigint NOT NULL CHECK (ordered_micrograms > 0),
        start_time timestamptz NOT NULL,
        oxygen_saturation integer NOT NULL,
        heart_rate integer NOT NULL,
        systolic integer,
        diastolic integer,
        moaas integer,
        baseline_time timestamptz NOT NULL,
        phq9_score integer CHECK (phq9_score BETWEEN 0 AND 27),
        given_micrograms bigint CHECK (given_micrograms BETWEEN 0 AND ordered_micrograms),
        running_minutes integer CHECK (running_minutes >= 0),
        adverse_events text[] NOT NULL,
        end_time timestamptz,
        CONSTRAINT infusion_ended
            CHECK (num_nulls(given_micrograms, running_minutes, end_time) IN (0, 3)))""",
    """CREATE TABLE dose_order (
        plan_id uuid NOT NULL,
        number integer NOT NULL CHECK (number >= 1),
        dose_order_id uuid NOT NULL,
        dose_micrograms bigint NOT NULL CHECK (dose_micrograms > 0),
        order_time timestamptz NOT NULL,
        PRIMARY KEY (plan_id, number))""",
    """CREATE TABLE vitals (
        session_id uuid NOT NULL,
        measure_time timestamptz NOT NULL,
        oxygen_saturation smallint NOT NULL CHECK (oxygen_saturation BETWEEN 0 AND 100),
        heart_rate smallint NOT NULL,
        systolic smallint,
        diastolic smallint,
        moaas smallint CHECK (moaas BETWEEN 0 AND 5),
        PRIMARY KEY (session_id, measure_time))""",
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$""",
    """CREATE TRIGGER dose_order_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON dose_order
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER vitals_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON vitals
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in _STATEMENTS:
        op.execute(statement)
