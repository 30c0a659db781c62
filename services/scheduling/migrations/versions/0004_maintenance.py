"""Psychotherapy and maintenance of a series; overrides; repairs without a closure."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CHANGES = (
    """ALTER TABLE series ADD COLUMN kap boolean NOT NULL DEFAULT false,
        ADD COLUMN maintain_every smallint NOT NULL DEFAULT 0,
        ADD COLUMN rule text NOT NULL DEFAULT '',
        DROP CONSTRAINT series_release_reason_check,
        ADD CONSTRAINT series_release_reason_check CHECK (release_reason IN (
            'hold_expired', 'payment_failed', 'referral_cancelled', 'paid_too_late',
            'plan_stopped'))""",
    """CREATE TABLE standing (
        plan_id uuid PRIMARY KEY, revision bigint NOT NULL,
        state text NOT NULL CHECK (state IN ('running', 'paused', 'stopped')))""",
    # What was decided against the rules of the books is only ever added to.
    """CREATE TABLE override (
        request_id uuid PRIMARY KEY, series_id uuid NOT NULL, number smallint NOT NULL,
        reason text NOT NULL, role text NOT NULL, person text NOT NULL, rules text[] NOT NULL,
        old_time timestamptz NOT NULL, new_time timestamptz NOT NULL, at timestamptz NOT NULL)""",
    "CREATE INDEX override_of_series ON override (series_id, at)",
    """CREATE FUNCTION override_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'an override is never changed'; END $$""",
    """CREATE TRIGGER override_stays BEFORE UPDATE OR DELETE ON override
        FOR EACH STATEMENT EXECUTE FUNCTION override_stays()""",
    """ALTER TABLE repair DROP CONSTRAINT repair_closure_id_fkey,
        ADD COLUMN origin text NOT NULL DEFAULT 'closure'
            CHECK (origin IN ('closure', 'submitted', 'optimised'))""",
)


def upgrade() -> None:
    for statement in _CHANGES:
        op.execute(statement)
