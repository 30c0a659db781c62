"""Referrals, their history, the patient registry and the directory of clinics."""

from alembic import op

from chassis.tables import create_chassis_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """CREATE TABLE patient (
        patient_id uuid PRIMARY KEY, match_key bytea NOT NULL UNIQUE,
        given_name text NOT NULL, family_name text NOT NULL, birth_date date NOT NULL,
        sex_at_birth text CHECK (sex_at_birth IN ('female', 'male', 'unknown')),
        phone text NOT NULL, email text NOT NULL, has_address boolean NOT NULL,
        line text NOT NULL, city text NOT NULL, state text NOT NULL, postal_code text NOT NULL,
        latitude double precision, longitude double precision,
        register_time timestamptz NOT NULL)""",
    # A status moves often, its stage seldom: indexes on the stage keep most updates in place.
    """CREATE TABLE referral (
        referral_id uuid PRIMARY KEY,
        request_id uuid NOT NULL CONSTRAINT referral_request UNIQUE, digest bytea NOT NULL,
        patient_id uuid NOT NULL REFERENCES patient,
        npi text NOT NULL, referrer_given_name text NOT NULL, referrer_family_name text NOT NULL,
        organization text NOT NULL,
        indication_code text NOT NULL, category text NOT NULL,
        weight_grams integer NOT NULL, weight_date date NOT NULL,
        height_millimetres integer NOT NULL, phq9_score integer,
        psychiatric_history text[] NOT NULL, physical_history text[] NOT NULL,
        medications text[] NOT NULL, allergies text[] NOT NULL,
        age_years integer NOT NULL,
        sex_at_birth text NOT NULL CHECK (sex_at_birth IN ('female', 'male', 'unknown')),
        priority text NOT NULL CHECK (priority IN ('routine', 'urgent')),
        preferred_clinic_id uuid, receive_time timestamptz NOT NULL,
        status text NOT NULL CHECK (status IN (
            'RECEIVED', 'ROUTED', 'IN_ASSESSMENT', 'PLANNED', 'AWAITING_PAYMENT', 'SCHEDULED',
            'IN_TREATMENT', 'COMPLETED', 'DECLINED', 'CANCELLED', 'NEEDS_ATTENTION')),
        update_time timestamptz NOT NULL, standing_time timestamptz NOT NULL, clinic_id uuid,
        revision bigint NOT NULL, changes bigint NOT NULL,
        series_revision bigint NOT NULL, invoice_revision bigint NOT NULL,
        occupied_clinic_id uuid, heard bigint[] NOT NULL,
        stage text NOT NULL GENERATED ALWAYS AS (CASE
            WHEN status IN ('ROUTED', 'IN_ASSESSMENT', 'PLANNED', 'AWAITING_PAYMENT',
                'SCHEDULED', 'IN_TREATMENT') THEN 'OPEN'
            ELSE status END) STORED)
        WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)""",
    """CREATE UNIQUE INDEX referral_open_once ON referral (patient_id, category)
        WHERE stage NOT IN ('COMPLETED', 'DECLINED', 'CANCELLED')""",
    "CREATE INDEX referral_of_patient ON referral (patient_id)",
    "CREATE INDEX referral_of_referrer ON referral (npi, referral_id)",
    "CREATE INDEX referral_of_clinic ON referral (clinic_id, stage, referral_id)",
    """CREATE TABLE change (
        referral_id uuid NOT NULL, number bigint NOT NULL, status text NOT NULL,
        cause text NOT NULL, change_time timestamptz NOT NULL, trace_id text NOT NULL,
        PRIMARY KEY (referral_id, number))""",
    """CREATE TABLE clinic (
        clinic_id uuid PRIMARY KEY, revision bigint NOT NULL,
        latitude double precision NOT NULL, longitude double precision NOT NULL,
        categories text[] NOT NULL, series_capacity integer NOT NULL)""",
    """CREATE TABLE clinic_load (
        clinic_id uuid NOT NULL, share integer NOT NULL, open_series bigint NOT NULL,
        PRIMARY KEY (clinic_id, share)) WITH (fillfactor = 50)""",
    """CREATE VIEW directory AS
        SELECT clinic.*, coalesce((
            SELECT sum(open_series) FROM clinic_load
            WHERE clinic_load.clinic_id = clinic.clinic_id), 0)::bigint AS open_series
        FROM clinic""",
    """CREATE TABLE access_log (
        access_id uuid PRIMARY KEY, subject text NOT NULL, method text NOT NULL,
        patient_id uuid NOT NULL, referral_id uuid, access_time timestamptz NOT NULL)""",
    "CREATE INDEX access_of_patient ON access_log (patient_id, access_time)",
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("Clinical data is not thrown away by a downgrade.")
