"""Invoices, payments, superbills, prices, and a journal that only grows."""

from alembic import op

from chassis.tables import create_chassis_tables

revision = "0001"
down_revision = None

_STATEMENTS = (
    """CREATE TABLE invoice (
        invoice_id uuid PRIMARY KEY,
        revision bigint NOT NULL CHECK (revision >= 0),
        status text NOT NULL CHECK (status IN ('issued', 'paid', 'payment_failed', 'void',
            'refund_pending', 'refunded')),
        series_id uuid NOT NULL,
        series_revision bigint NOT NULL,
        referral_id uuid NOT NULL,
        patient_id uuid NOT NULL,
        clinic_id uuid NOT NULL,
        attempt integer NOT NULL,
        unit_minor_units bigint NOT NULL,
        currency_code char(3) NOT NULL,
        infusion_minutes integer NOT NULL,
        session_count integer NOT NULL,
        delivered_count integer NOT NULL CHECK (delivered_count BETWEEN 0 AND session_count),
        settled_count integer NOT NULL CHECK (settled_count >= 0),
        total_minor_units bigint NOT NULL
            CHECK (total_minor_units = unit_minor_units * session_count),
        receivable_minor_units bigint NOT NULL
            CHECK (receivable_minor_units BETWEEN 0 AND total_minor_units),
        issue_time timestamptz NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT invoice_issued_or_void CHECK (
            CASE revision WHEN 0 THEN status = 'void' AND attempt = 0 AND session_count = 0
            ELSE attempt > 0 AND session_count > 0 AND unit_minor_units > 0 END))
        WITH (autovacuum_vacuum_scale_factor = 0.05)""",
    "CREATE INDEX invoice_referral ON invoice (referral_id)",
    "CREATE INDEX invoice_newest ON invoice (issue_time, invoice_id)",
    "CREATE INDEX invoice_clinic ON invoice (clinic_id, issue_time, invoice_id)",
    """CREATE INDEX invoice_unpaid ON invoice (status, issue_time, invoice_id)
        WHERE status <> 'paid'""",
    """CREATE TABLE payment (
        payment_id uuid PRIMARY KEY,
        invoice_id uuid NOT NULL REFERENCES invoice,
        attempt integer NOT NULL CHECK (attempt >= 1),
        status text NOT NULL CHECK (status IN ('pending', 'cancelling', 'collected', 'failed',
            'cancelled', 'refund_pending', 'refunded')),
        minor_units bigint NOT NULL CHECK (minor_units > 0),
        currency_code char(3) NOT NULL,
        refund_minor_units bigint NOT NULL CHECK (refund_minor_units BETWEEN 0 AND minor_units),
        reason text NOT NULL,
        request_id uuid,
        request_time timestamptz NOT NULL,
        update_time timestamptz NOT NULL)
        WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)""",
    """CREATE UNIQUE INDEX payment_request ON payment (invoice_id, request_id)
        WHERE request_id IS NOT NULL""",
    """CREATE TABLE clinic_price (
        clinic_id uuid PRIMARY KEY,
        minor_units bigint NOT NULL CHECK (minor_units > 0),
        currency_code char(3) NOT NULL,
        update_time timestamptz NOT NULL)""",
    """CREATE FUNCTION balanced(amounts bigint[]) RETURNS boolean
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN coalesce((SELECT sum(amount) = 0 AND bool_and(amount IS NOT NULL)
            FROM unnest(amounts) AS amount), false)""",
    """CREATE TABLE journal_entry (
        position bigint GENERATED ALWAYS AS IDENTITY,
        entry_id uuid PRIMARY KEY,
        cause_id uuid NOT NULL,
        rule text NOT NULL CHECK (rule IN ('sell_package', 'settle_receivable', 'deliver_session',
            'deliver_unpaid', 'refund', 'pay_refund')),
        invoice_id uuid NOT NULL REFERENCES invoice,
        clinic_id uuid NOT NULL,
        accounts integer[] NOT NULL,
        amounts bigint[] NOT NULL,
        currency_code char(3) NOT NULL,
        post_time timestamptz NOT NULL,
        CONSTRAINT journal_entry_once UNIQUE (cause_id, rule),
        CONSTRAINT journal_entry_balanced CHECK (balanced(amounts)),
        CONSTRAINT journal_entry_paired CHECK (array_ndims(amounts) = 1
            AND array_ndims(accounts) = 1 AND cardinality(accounts) = cardinality(amounts)
            AND array_position(accounts, NULL) IS NULL))""",
    "CREATE INDEX journal_entry_invoice ON journal_entry (invoice_id, position)",
    "CREATE INDEX journal_entry_clinic ON journal_entry (clinic_id)",
    """CREATE TABLE superbill (
        superbill_id uuid NOT NULL,
        version integer NOT NULL CHECK (version >= 1),
        session_id uuid NOT NULL,
        session_revision bigint NOT NULL,
        invoice_id uuid NOT NULL REFERENCES invoice,
        clinic_id uuid NOT NULL,
        procedure_codes text[] NOT NULL,
        running_minutes integer NOT NULL,
        minor_units bigint NOT NULL,
        paid_minor_units bigint NOT NULL CHECK (paid_minor_units BETWEEN 0 AND minor_units),
        currency_code char(3) NOT NULL,
        service_time timestamptz NOT NULL,
        issue_time timestamptz NOT NULL,
        PRIMARY KEY (superbill_id, version))""",
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$""",
    """CREATE TRIGGER journal_entry_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER superbill_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON superbill
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in _STATEMENTS:
        op.execute(statement)
