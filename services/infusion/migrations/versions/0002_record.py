"""The whole record of a session: attendance, gates, pump intervals, alerts, observations, vitals."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATUSES = """'planned', 'arrived', 'held', 'checklist_passed', 'infusing', 'paused', 'completed',
    'stopped_early', 'recovery', 'discharged', 'transferred', 'no_show', 'cancelled'"""
_MEASURES = """
    session_id uuid NOT NULL,
    measure_time timestamptz NOT NULL,
    oxygen_saturation smallint NOT NULL CHECK (oxygen_saturation BETWEEN 0 AND 100),
    heart_rate smallint NOT NULL,
    systolic smallint,
    diastolic smallint,
    moaas smallint CHECK (moaas BETWEEN 0 AND 5),
    respiratory_rate smallint,
    rass smallint CHECK (rass BETWEEN -5 AND 4),
    artefact boolean NOT NULL DEFAULT false,
    PRIMARY KEY (session_id, measure_time)"""

_STATEMENTS = (
    "ALTER TABLE session DROP CONSTRAINT session_status_check, DROP CONSTRAINT session_revision_check",
    f"""ALTER TABLE session ADD CONSTRAINT session_status_check CHECK (status IN ({_STATUSES})),
        ADD CONSTRAINT session_revision_check CHECK (revision >= 0)""",
    """CREATE TABLE attendance (
        session_id uuid PRIMARY KEY REFERENCES session,
        arrive_time timestamptz NOT NULL,
        latest_time timestamptz NOT NULL CHECK (latest_time >= arrive_time),
        pack text NOT NULL,
        recover_time timestamptz,
        leave_time timestamptz,
        leave_reason text NOT NULL)""",
    """CREATE TABLE start_form (
        session_id uuid NOT NULL REFERENCES attendance,
        number integer NOT NULL CHECK (number >= 1),
        content text NOT NULL,
        recorded_by text NOT NULL,
        check_time timestamptz NOT NULL,
        PRIMARY KEY (session_id, number))""",
    """CREATE TABLE double_check (
        session_id uuid NOT NULL REFERENCES attendance,
        confirm_time timestamptz NOT NULL,
        content text NOT NULL,
        confirmed_by text NOT NULL,
        PRIMARY KEY (session_id, confirm_time))""",
    """CREATE TABLE gate_override (
        session_id uuid NOT NULL REFERENCES attendance,
        gate text NOT NULL CHECK (gate IN ('start', 'discharge')),
        item text NOT NULL,
        override_time timestamptz NOT NULL,
        reason_code text NOT NULL,
        rationale text NOT NULL,
        prescriber text NOT NULL,
        PRIMARY KEY (session_id, gate, item, override_time))""",
    """ALTER TABLE infusion
        ADD respiratory_rate integer,
        ADD rass integer,
        ADD ndc text NOT NULL DEFAULT '',
        ADD lot text NOT NULL DEFAULT '',
        ADD expire_date date NOT NULL DEFAULT 'epoch',
        ADD dose_mg numeric NOT NULL DEFAULT 1 CHECK (dose_mg > 0),
        ADD concentration_mg_per_ml numeric NOT NULL DEFAULT 1 CHECK (concentration_mg_per_ml > 0),
        ADD volume_ml numeric NOT NULL DEFAULT 1 CHECK (volume_ml > 0),
        ADD minutes integer NOT NULL DEFAULT 1 CHECK (minutes > 0),
        ADD rate_ml_per_h numeric NOT NULL DEFAULT 1 CHECK (rate_ml_per_h > 0),
        ADD delivered_ml numeric CHECK (delivered_ml BETWEEN 0 AND volume_ml),
        ADD stopped_early boolean,
        ADD stop_reason text,
        ADD CONSTRAINT infusion_as_programmed
            CHECK (concentration_mg_per_ml * volume_ml = dose_mg)""",
    """CREATE TABLE pump_interval (
        session_id uuid NOT NULL REFERENCES infusion,
        number integer NOT NULL CHECK (number >= 1),
        start_time timestamptz NOT NULL,
        rate_ml_per_h numeric NOT NULL CHECK (rate_ml_per_h > 0),
        end_time timestamptz CHECK (end_time >= start_time),
        PRIMARY KEY (session_id, number))""",
    """CREATE TABLE alert (
        alert_id uuid PRIMARY KEY,
        session_id uuid NOT NULL REFERENCES session,
        rule_id text NOT NULL,
        level text NOT NULL CHECK (level IN ('warn', 'pause', 'stop')),
        parameter text NOT NULL,
        raise_time timestamptz NOT NULL,
        clear_time timestamptz,
        acknowledge_time timestamptz,
        acknowledged_by text NOT NULL,
        by_prescriber boolean NOT NULL)""",
    "CREATE UNIQUE INDEX alert_open ON alert (session_id, rule_id) WHERE clear_time IS NULL",
    "CREATE INDEX alert_of_session ON alert (session_id, raise_time)",
    """CREATE TABLE observation (
        observation_id uuid PRIMARY KEY,
        session_id uuid NOT NULL REFERENCES attendance,
        kind text NOT NULL,
        code text NOT NULL,
        content text NOT NULL,
        recorded_by text NOT NULL,
        occur_time timestamptz NOT NULL)""",
    "CREATE INDEX observation_of_session ON observation (session_id, occur_time)",
    """CREATE TABLE discharge (
        session_id uuid PRIMARY KEY REFERENCES attendance,
        content text NOT NULL,
        recorded_by text NOT NULL,
        discharge_time timestamptz NOT NULL)""",
    *(
        f"""CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"""
        for table in ("start_form", "double_check", "gate_override", "observation", "discharge")
    ),
    # Vital signs by month: an index that stays small where it is written, and old months that move.
    "ALTER TABLE vitals RENAME TO vitals_before",
    "ALTER TABLE vitals_before RENAME CONSTRAINT vitals_pkey TO vitals_before_pkey",
    f"CREATE TABLE vitals ({_MEASURES}) PARTITION BY RANGE (measure_time)",
    "CREATE TABLE vitals_other PARTITION OF vitals DEFAULT",
    """CREATE FUNCTION make_vitals_partition(day timestamptz) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            since timestamptz := date_trunc('month', day, 'UTC');
            until timestamptz := date_trunc('month', since + interval '32 days', 'UTC');
            name text := 'vitals_' || to_char(since AT TIME ZONE 'UTC', 'YYYYMM');
        BEGIN
            IF to_regclass(name) IS NOT NULL THEN
                RETURN;
            END IF;
            EXECUTE format('CREATE TABLE %I (LIKE vitals INCLUDING ALL)', name);
            EXECUTE format('WITH late AS (DELETE FROM vitals_other
                WHERE measure_time >= %L AND measure_time < %L RETURNING *)
                INSERT INTO %I SELECT * FROM late', since, until, name);
            EXECUTE format('ALTER TABLE vitals ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                name, since, until);
        END $$""",
    """SELECT make_vitals_partition(now() + months * interval '1 month')
        FROM generate_series(-1, 3) AS months""",
    """INSERT INTO vitals SELECT session_id, measure_time, oxygen_saturation, heart_rate, systolic,
        diastolic, moaas FROM vitals_before""",
    "DROP TABLE vitals_before",
    """CREATE TRIGGER vitals_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON vitals
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """INSERT INTO due (name, entity_id, due_at)
        VALUES ('make-partitions', '0b000000-0000-4000-8000-000000000001', now())""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
