"""The chassis's own tables, made by each service's first migration."""

from typing import Protocol

_TABLES = (
    """CREATE TABLE outbox (
        event_id uuid PRIMARY KEY, seq bigserial NOT NULL, subject text NOT NULL,
        entity_id uuid NOT NULL, revision bigint NOT NULL, data bytea NOT NULL, traceparent text,
        recorded_at timestamptz NOT NULL, lease_token uuid, leased_until timestamptz,
        published_at timestamptz, CONSTRAINT outbox_revision UNIQUE (entity_id, revision))
        WITH (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 90)""",
    "CREATE INDEX outbox_waiting ON outbox (seq) WHERE published_at IS NULL",
    """CREATE TABLE inbox (
        event_id uuid PRIMARY KEY, subject text NOT NULL, stream_seq bigint NOT NULL,
        handled_at timestamptz NOT NULL)""",
    """CREATE TABLE parked (
        event_id uuid PRIMARY KEY, subject text NOT NULL, data bytea NOT NULL,
        headers jsonb NOT NULL, stream_seq bigint NOT NULL, error_class text NOT NULL,
        attempts integer NOT NULL, parked_at timestamptz NOT NULL, replayed_at timestamptz)""",
    "CREATE INDEX parked_waiting ON parked (parked_at) WHERE replayed_at IS NULL",
    """CREATE TABLE due (
        name text NOT NULL, entity_id uuid NOT NULL, due_at timestamptz NOT NULL,
        attempts integer NOT NULL DEFAULT 0, PRIMARY KEY (name, entity_id))""",
    "CREATE INDEX due_next ON due (due_at)",
    """CREATE TABLE errand (
        name text NOT NULL, entity_id uuid NOT NULL, asked_at timestamptz NOT NULL,
        lease_token uuid, leased_until timestamptz NOT NULL, attempts integer NOT NULL DEFAULT 0,
        traceparent text, PRIMARY KEY (name, entity_id))""",
    "CREATE INDEX errand_lapsed ON errand (leased_until)",
    """CREATE TABLE audit (
        number bigserial PRIMARY KEY, clinic_id uuid NOT NULL, recorded_at timestamptz NOT NULL,
        agent text NOT NULL, roles text NOT NULL, action text NOT NULL, method text NOT NULL,
        outcome text NOT NULL, purpose text NOT NULL, about text NOT NULL, trace_id text NOT NULL,
        seq bigint, hash bytea, CHECK ((seq IS NULL) = (hash IS NULL)),
        CONSTRAINT audit_place UNIQUE (clinic_id, seq))""",
    "CREATE INDEX audit_loose ON audit (number) WHERE seq IS NULL",
    """CREATE FUNCTION audit_stands() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'UPDATE' AND OLD.seq IS NULL AND NEW.seq IS NOT NULL
            AND to_jsonb(NEW) - 'seq' - 'hash' = to_jsonb(OLD) - 'seq' - 'hash'
        THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'the audit stands' USING ERRCODE = '55000'; END $$""",
    """CREATE TRIGGER audit_stands BEFORE UPDATE OR DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION audit_stands()""",
    """CREATE TABLE emergency_grant (
        grant_id uuid PRIMARY KEY, subject text NOT NULL, clinic_id uuid NOT NULL,
        reason text NOT NULL, granted_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
        CHECK (expires_at <= granted_at + interval '1 hour'))""",
    """CREATE TRIGGER audit_stays BEFORE TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_stands()""",
)


class Operations(Protocol):
    """What we need of alembic's `op`."""

    def execute(self, sqltext: str) -> None:
        """Run one statement."""


def create_chassis_tables(op: Operations) -> None:
    """Outbox, inbox, parked, due, errand and audit."""
    for statement in _TABLES:
        op.execute(statement)
