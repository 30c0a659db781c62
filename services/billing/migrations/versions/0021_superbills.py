"""What a superbill says line by line, who bills, and whom a payer may not hear of."""

from alembic import op

revision = "0021"
down_revision = "0020"

_STATEMENTS = (
    """ALTER TABLE invoice
        ADD diagnosis text NOT NULL DEFAULT '',
        ADD is_restricted boolean NOT NULL DEFAULT false""",
    """ALTER TABLE superbill
        ADD given_micrograms bigint NOT NULL DEFAULT 0,
        ADD diagnosis text NOT NULL DEFAULT '',
        ADD lines jsonb NOT NULL DEFAULT '[]',
        ADD claim_table text NOT NULL DEFAULT '',
        ADD is_void boolean NOT NULL DEFAULT false""",
    "CREATE INDEX superbill_invoice ON superbill (invoice_id)",
    """CREATE TABLE billing_profile (
        clinic_id uuid PRIMARY KEY,
        legal_name text NOT NULL,
        npi text NOT NULL,
        tin text NOT NULL,
        taxonomy text NOT NULL,
        place_of_service text NOT NULL,
        time_zone text NOT NULL,
        telephone text NOT NULL,
        line text NOT NULL,
        city text NOT NULL,
        state text NOT NULL,
        postal_code text NOT NULL,
        provider_given_name text NOT NULL,
        provider_family_name text NOT NULL,
        provider_npi text NOT NULL,
        provider_taxonomy text NOT NULL,
        provider_licence text NOT NULL,
        update_time timestamptz NOT NULL)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
