"""Good Faith Estimates and what they are made with; what has been estimated is never edited."""

from alembic import op

revision = "0030"
down_revision = "0021"

_STATEMENTS = (
    """CREATE TABLE clinic (
        clinic_id uuid PRIMARY KEY,
        revision bigint NOT NULL,
        time_zone text NOT NULL)""",
    """CREATE TABLE co_provider (
        clinic_id uuid PRIMARY KEY,
        shares jsonb NOT NULL,
        update_time timestamptz NOT NULL)""",
    """CREATE TABLE estimate (
        estimate_id uuid NOT NULL,
        version integer NOT NULL CHECK (version >= 1),
        reason text NOT NULL CHECK (reason IN ('scheduled', 'requested', 'changed')),
        clinic_id uuid NOT NULL,
        patient_id uuid NOT NULL,
        referral_id uuid,
        invoice_id uuid,
        providers jsonb NOT NULL,
        telephone text NOT NULL,
        diagnosis text NOT NULL,
        lines jsonb NOT NULL,
        total_minor_units bigint NOT NULL CHECK (total_minor_units >= 0),
        currency_code char(3) NOT NULL,
        session_count integer NOT NULL,
        first_service timestamptz,
        last_service timestamptz,
        policy text NOT NULL,
        missing text[] NOT NULL,
        clock_time timestamptz NOT NULL,
        due_time timestamptz,
        issue_time timestamptz NOT NULL,
        provide_time timestamptz,
        provide_way text CHECK (provide_way IN ('paper', 'electronic')),
        consent_minor_units bigint NOT NULL CHECK (consent_minor_units >= 0),
        consent_time timestamptz,
        PRIMARY KEY (estimate_id, version),
        CONSTRAINT estimate_complete_when_provided
            CHECK (provide_time IS NULL OR cardinality(missing) = 0))""",
    """CREATE INDEX estimate_unprovided ON estimate (clinic_id, due_time)
        WHERE provide_time IS NULL""",
    """CREATE FUNCTION refuse_new_content() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' OR
                (OLD.lines, OLD.total_minor_units, OLD.providers, OLD.diagnosis, OLD.policy,
                 OLD.missing, OLD.clock_time, OLD.issue_time)
                IS DISTINCT FROM
                (NEW.lines, NEW.total_minor_units, NEW.providers, NEW.diagnosis, NEW.policy,
                 NEW.missing, NEW.clock_time, NEW.issue_time)
            THEN
                RAISE EXCEPTION 'an estimate is never edited' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$""",
    """CREATE TRIGGER estimate_is_kept BEFORE UPDATE OR DELETE ON estimate
        FOR EACH ROW EXECUTE FUNCTION refuse_new_content()""",
    """CREATE TRIGGER estimate_is_not_emptied BEFORE TRUNCATE ON estimate
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """CREATE TABLE charge (
        charge_id uuid PRIMARY KEY,
        invoice_id uuid NOT NULL REFERENCES invoice,
        clinic_id uuid NOT NULL,
        npi text NOT NULL,
        item text NOT NULL,
        words text NOT NULL,
        codes text[] NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        unit_minor_units bigint NOT NULL CHECK (unit_minor_units > 0),
        currency_code char(3) NOT NULL,
        estimate_version integer NOT NULL,
        request_id uuid NOT NULL,
        charge_time timestamptz NOT NULL)""",
    "CREATE INDEX charge_invoice ON charge (invoice_id)",
    """CREATE TRIGGER charge_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON charge
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
