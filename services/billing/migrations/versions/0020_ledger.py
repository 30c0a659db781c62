"""Refunds, fees, disputes, reminders, closed periods; entries that concern a clinic as a whole."""

from alembic import op

revision = "0020"
down_revision = "0010"

_STATEMENTS = (
    """ALTER TABLE invoice
        ADD refunded_count integer NOT NULL DEFAULT 0 CHECK (refunded_count >= 0),
        ADD forfeited_count integer NOT NULL DEFAULT 0 CHECK (forfeited_count >= 0),
        ADD turn integer NOT NULL DEFAULT 0,
        ADD returned_minor_units bigint NOT NULL DEFAULT 0 CHECK (returned_minor_units >= 0),
        ADD disputed_minor_units bigint NOT NULL DEFAULT 0 CHECK (disputed_minor_units >= 0),
        ADD CONSTRAINT invoice_entitled
            CHECK (delivered_count + refunded_count + forfeited_count <= session_count)""",
    "CREATE INDEX invoice_patient ON invoice (patient_id)",
    "ALTER TABLE journal_entry ALTER invoice_id DROP NOT NULL",
    "ALTER TABLE journal_entry DROP CONSTRAINT IF EXISTS journal_entry_rule_check",
    """ALTER TABLE journal_entry ADD CONSTRAINT journal_entry_rule_check
        CHECK (rule ~ '^[a-z][a-z_]{2,40}$')""",
    """CREATE TABLE refund (
        refund_id uuid PRIMARY KEY,
        invoice_id uuid NOT NULL REFERENCES invoice,
        invoice_revision bigint NOT NULL,
        invoice_turn integer NOT NULL,
        invoice_attempt integer NOT NULL,
        clinic_id uuid NOT NULL,
        reason text NOT NULL,
        session_count integer NOT NULL CHECK (session_count >= 0),
        superbill_id uuid,
        minor_units bigint NOT NULL CHECK (minor_units > 0),
        currency_code char(3) NOT NULL,
        kept_minor_units bigint NOT NULL CHECK (kept_minor_units >= 0),
        terms text NOT NULL,
        status text NOT NULL
            CHECK (status IN ('requested', 'pending', 'paid', 'failed', 'rejected')),
        requested_by text NOT NULL,
        approved_by text NOT NULL,
        request_time timestamptz NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT refund_for_one_thing CHECK ((session_count = 0) = (superbill_id IS NOT NULL)),
        CONSTRAINT refund_by_two CHECK (approved_by <> requested_by OR status = 'rejected'))""",
    "CREATE INDEX refund_invoice ON refund (invoice_id)",
    "CREATE INDEX refund_newest ON refund (clinic_id, request_time, refund_id)",
    """CREATE TABLE refund_part (
        part_id uuid PRIMARY KEY,
        refund_id uuid NOT NULL REFERENCES refund,
        payment_id uuid NOT NULL REFERENCES payment,
        place integer NOT NULL,
        minor_units bigint NOT NULL CHECK (minor_units > 0),
        attempt integer NOT NULL CHECK (attempt >= 1),
        status text NOT NULL CHECK (status IN ('waiting', 'pending', 'paid', 'failed')),
        reason text NOT NULL,
        UNIQUE (refund_id, payment_id))""",
    "CREATE INDEX refund_part_payment ON refund_part (payment_id)",
    """CREATE TABLE missed_session_fee (
        session_id uuid PRIMARY KEY,
        invoice_id uuid NOT NULL REFERENCES invoice,
        invoice_attempt integer NOT NULL,
        clinic_id uuid NOT NULL,
        missed text NOT NULL CHECK (missed IN ('cancelled', 'no_show')),
        notice_minutes integer NOT NULL,
        minor_units bigint NOT NULL CHECK (minor_units >= 0),
        currency_code char(3) NOT NULL,
        forfeits boolean NOT NULL,
        waiver text NOT NULL,
        reverse_time timestamptz,
        terms text NOT NULL,
        charge_time timestamptz NOT NULL)""",
    "CREATE INDEX missed_session_fee_invoice ON missed_session_fee (invoice_id)",
    """CREATE TABLE dispute (
        dispute_id uuid PRIMARY KEY,
        invoice_id uuid NOT NULL REFERENCES invoice,
        payment_id uuid NOT NULL REFERENCES payment,
        clinic_id uuid NOT NULL,
        minor_units bigint NOT NULL CHECK (minor_units > 0),
        currency_code char(3) NOT NULL,
        fee_minor_units bigint NOT NULL CHECK (fee_minor_units >= 0),
        reason text NOT NULL,
        status text NOT NULL CHECK (status IN ('needs_response', 'under_review', 'won', 'lost')),
        evidence_kinds text[] NOT NULL,
        evidence_references text[] NOT NULL,
        respond_by timestamptz NOT NULL,
        open_time timestamptz NOT NULL,
        update_time timestamptz NOT NULL,
        CHECK (cardinality(evidence_kinds) = cardinality(evidence_references)))""",
    "CREATE INDEX dispute_invoice ON dispute (invoice_id)",
    "CREATE INDEX dispute_clinic ON dispute (clinic_id, respond_by, dispute_id)",
    """CREATE TABLE clinic_terms (
        clinic_id uuid PRIMARY KEY,
        terms_name text NOT NULL,
        update_time timestamptz NOT NULL)""",
    """CREATE TABLE reminder (
        invoice_id uuid NOT NULL REFERENCES invoice,
        number integer NOT NULL CHECK (number >= 1),
        clinic_id uuid NOT NULL,
        patient_id uuid NOT NULL,
        minor_units bigint NOT NULL CHECK (minor_units > 0),
        currency_code char(3) NOT NULL,
        remind_time timestamptz NOT NULL,
        PRIMARY KEY (invoice_id, number))""",
    "CREATE INDEX reminder_clinic ON reminder (clinic_id, remind_time)",
    """CREATE TABLE closed_period (
        clinic_id uuid NOT NULL,
        until_time timestamptz NOT NULL,
        accounts integer[] NOT NULL,
        amounts bigint[] NOT NULL,
        currency_codes text[] NOT NULL,
        closed_by text NOT NULL,
        close_time timestamptz NOT NULL,
        PRIMARY KEY (clinic_id, until_time),
        CONSTRAINT closed_period_has_ended CHECK (until_time <= close_time))""",
    """CREATE TRIGGER closed_period_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON closed_period
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """CREATE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM closed_period AS closed JOIN added
                    ON closed.clinic_id = added.clinic_id
                    AND added.post_time < closed.until_time) THEN
                RAISE EXCEPTION 'the period is closed' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$""",
    """CREATE TRIGGER journal_entry_period_is_open AFTER INSERT ON journal_entry
        REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_period()""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
