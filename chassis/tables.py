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
)


class Operations(Protocol):
    """What we need of alembic's `op`."""

    def execute(self, sqltext: str) -> None:
        """Run one statement."""


def create_chassis_tables(op: Operations) -> None:
    """Outbox, inbox, parked, due and errand."""
    for statement in _TABLES:
        op.execute(statement)
