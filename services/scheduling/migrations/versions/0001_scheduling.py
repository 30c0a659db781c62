"""Clinics, their desks and agendas, series and bookings."""

from alembic import op

from chassis.tables import create_chassis_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    """CREATE TABLE clinic (
        clinic_id uuid PRIMARY KEY, revision bigint NOT NULL, name text NOT NULL,
        time_zone text NOT NULL, latitude double precision NOT NULL,
        longitude double precision NOT NULL, indications text[] NOT NULL,
        hours integer[] NOT NULL, hold_seconds integer NOT NULL CHECK (hold_seconds > 0),
        series_capacity integer NOT NULL CHECK (series_capacity > 0))""",
    "CREATE INDEX clinic_by_name ON clinic (name, clinic_id)",
    """CREATE TABLE resource (
        resource_id uuid PRIMARY KEY, clinic_id uuid NOT NULL REFERENCES clinic,
        kind text NOT NULL CHECK (kind IN ('room', 'pump', 'nurse')),
        label text NOT NULL, retired boolean NOT NULL)""",
    "CREATE INDEX resource_of_clinic ON resource (clinic_id)",
    # The desk is locked by whoever changes what its clinic has promised. No foreign key: a check
    # of it would lock the clinic's row too.
    """CREATE TABLE desk (
        clinic_id uuid PRIMARY KEY, clinic_print uuid NOT NULL, layout uuid,
        patterns text[] NOT NULL, reached bigint[] NOT NULL)
        WITH (fillfactor = 50)""",
    # A day of a large clinic is about 2 kB: it stays in its row, uncompressed, and changes in place.
    """CREATE TABLE agenda (
        clinic_id uuid NOT NULL, day integer NOT NULL, taken bytea NOT NULL,
        PRIMARY KEY (clinic_id, day))
        WITH (fillfactor = 50, toast_tuple_target = 8160)""",
    "ALTER TABLE agenda ALTER COLUMN taken SET STORAGE EXTERNAL",
    """CREATE TABLE series (
        series_id uuid PRIMARY KEY, revision bigint NOT NULL,
        status text NOT NULL CHECK (
            status IN ('waitlisted', 'held', 'confirmed', 'released', 'fulfilled')),
        plan_id uuid NOT NULL, referral_id uuid NOT NULL, patient_id uuid NOT NULL,
        clinic_id uuid NOT NULL, indication_code text NOT NULL,
        weeks smallint[] NOT NULL, min_gap_hours integer NOT NULL,
        infusion_minutes integer NOT NULL, recovery_minutes integer NOT NULL,
        starts timestamptz[] NOT NULL, room_minutes integer NOT NULL, delivered integer NOT NULL,
        hold_expire_time timestamptz,
        release_reason text CHECK (release_reason IN (
            'hold_expired', 'payment_failed', 'referral_cancelled', 'paid_too_late')),
        payment_id uuid, update_time timestamptz NOT NULL)
        WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)""",
    "CREATE INDEX series_of_referral ON series (referral_id)",
    """CREATE TABLE cancelled (
        referral_id uuid PRIMARY KEY, cancel_time timestamptz NOT NULL)""",
    # Whether a taken booking is held or confirmed is said once, by its series: saying it in each
    # row would write every index again when a series is paid. Delivered sessions leave the
    # constraints, so that these stay as small as the future.
    """CREATE TABLE booking (
        series_id uuid NOT NULL, number smallint NOT NULL, clinic_id uuid NOT NULL,
        room_id uuid NOT NULL, pump_id uuid NOT NULL, nurse_id uuid NOT NULL,
        start_time timestamptz NOT NULL, end_time timestamptz NOT NULL,
        status text NOT NULL CHECK (status IN ('taken', 'released', 'fulfilled')),
        during tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(start_time, end_time)) STORED,
        PRIMARY KEY (series_id, number),
        CHECK (start_time < end_time),
        CONSTRAINT room_once EXCLUDE USING gist
            (room_id WITH =, during WITH &&) WHERE (status = 'taken'),
        CONSTRAINT pump_once EXCLUDE USING gist
            (pump_id WITH =, during WITH &&) WHERE (status = 'taken'),
        CONSTRAINT nurse_once EXCLUDE USING gist
            (nurse_id WITH =, during WITH &&) WHERE (status = 'taken'))""",
    """CREATE INDEX booking_of_day ON booking (clinic_id, start_time)
        WHERE status <> 'released'""",
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in _TABLES:
        op.execute(statement)
