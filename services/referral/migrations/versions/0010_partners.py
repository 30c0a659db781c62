"""Partners that refer by events: who they are, what they said, what they are told."""

from alembic import op

revision = "0010"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = (
    "ALTER TABLE change ADD COLUMN detail text NOT NULL DEFAULT ''",
    """CREATE TABLE partner (
        name text PRIMARY KEY, account text NOT NULL UNIQUE, clinics uuid[] NOT NULL,
        format text NOT NULL CHECK (format IN ('json', 'protobuf', 'fhir')),
        feeder uuid, feeding_until timestamptz NOT NULL DEFAULT '-infinity')""",
    # What was said first under a source and an id holds; the digest tells a repeat from a forgery.
    """CREATE TABLE partner_message (
        partner text NOT NULL REFERENCES partner, source text NOT NULL, id text NOT NULL,
        digest bytea NOT NULL, receive_time timestamptz NOT NULL,
        PRIMARY KEY (partner, source, id))""",
    """CREATE TABLE partner_answer (
        answer_id uuid PRIMARY KEY, partner text NOT NULL REFERENCES partner,
        seq bigint GENERATED ALWAYS AS IDENTITY, answer bytea NOT NULL, tell_time timestamptz)""",
    "CREATE INDEX answer_to_tell ON partner_answer (partner, seq) WHERE tell_time IS NULL",
    # The history of the referral is the feed; `told` is how far this partner was told of it.
    """CREATE TABLE partner_referral (
        partner text NOT NULL REFERENCES partner, referral_id uuid NOT NULL REFERENCES referral,
        placer_reference text NOT NULL, told bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (partner, referral_id))""",
    "CREATE INDEX referral_of_placer ON partner_referral (partner, placer_reference)",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("What partners said is not thrown away by a downgrade.")
