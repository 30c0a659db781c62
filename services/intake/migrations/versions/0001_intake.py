"""Intakes, assessments, dose orders and clinic policies."""

from alembic import op

from chassis.tables import create_chassis_tables

revision = "0001"
down_revision = None

_STATEMENTS = (
    """CREATE TABLE intake (
        intake_id uuid PRIMARY KEY,
        revision bigint NOT NULL CHECK (revision >= 0),
        status text NOT NULL
            CHECK (status IN ('open', 'assessed', 'planned', 'declined', 'closed')),
        referral_id uuid NOT NULL,
        clinic_id uuid NOT NULL,
        patient_id uuid NOT NULL,
        indication_code text NOT NULL,
        age_years integer NOT NULL,
        sex_at_birth text NOT NULL,
        weight_grams integer NOT NULL,
        height_millimetres integer NOT NULL,
        phq9_score integer,
        psychiatric_history text[] NOT NULL,
        physical_history text[] NOT NULL,
        medications text[] NOT NULL,
        allergies text[] NOT NULL,
        priority text NOT NULL,
        pack text NOT NULL,
        flagged_rules text[] NOT NULL,
        assessed boolean NOT NULL,
        decline_reason text,
        open_time timestamptz NOT NULL,
        update_time timestamptz NOT NULL,
        schedule text,
        approval text CHECK (approval IN ('specialist', 'standing_order')),
        rationale text,
        starting_micrograms bigint CHECK (starting_micrograms > 0),
        approve_time timestamptz,
        dose_number integer NOT NULL CHECK (dose_number >= 0),
        decided_number integer NOT NULL CHECK (decided_number >= 0),
        CONSTRAINT intake_declined CHECK ((status = 'declined') = (decline_reason IS NOT NULL)),
        CONSTRAINT intake_planned CHECK (
            num_nulls(schedule, approval, rationale, starting_micrograms, approve_time)
                = CASE WHEN dose_number > 0 THEN 0 ELSE 5 END
            AND (status <> 'planned' OR dose_number > 0)))
        WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05)""",
    "CREATE INDEX intake_oldest ON intake (open_time, intake_id)",
    "CREATE INDEX intake_clinic ON intake (clinic_id, open_time, intake_id)",
    """CREATE INDEX intake_waiting ON intake (clinic_id, status, open_time, intake_id)
        WHERE status IN ('open', 'assessed')""",
    """CREATE TABLE assessment (
        intake_id uuid PRIMARY KEY REFERENCES intake,
        phq9_score integer NOT NULL CHECK (phq9_score BETWEEN 0 AND 27),
        phq9_item9 integer NOT NULL CHECK (phq9_item9 BETWEEN 0 AND 3),
        psychiatric_codes text[] NOT NULL,
        physical_codes text[] NOT NULL,
        weight_grams integer NOT NULL,
        height_millimetres integer NOT NULL,
        systolic integer NOT NULL,
        diastolic integer NOT NULL,
        escort_available boolean NOT NULL,
        present_note text NOT NULL,
        psychiatric_note text NOT NULL,
        physical_note text NOT NULL,
        circumstances_note text NOT NULL)""",
    """CREATE TABLE dose_order (
        dose_order_id uuid PRIMARY KEY,
        intake_id uuid NOT NULL REFERENCES intake,
        number integer NOT NULL CHECK (number >= 1),
        dose_micrograms bigint NOT NULL CHECK (dose_micrograms > 0),
        dosing_weight_grams integer NOT NULL,
        weight_basis text NOT NULL CHECK (weight_basis IN ('actual', 'ideal_devine')),
        reasons text[] NOT NULL,
        order_time timestamptz NOT NULL)""",
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$""",
    """CREATE TRIGGER dose_order_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON dose_order
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """CREATE TABLE clinic_policy (
        clinic_id uuid PRIMARY KEY,
        approval text NOT NULL CHECK (approval IN ('specialist', 'standing_order')),
        schedule text NOT NULL)""",
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in _STATEMENTS:
        op.execute(statement)
