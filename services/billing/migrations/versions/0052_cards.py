"""Cards on file: a token of the gateway and the patient's consent, and what is taken from them."""

from alembic import op

revision = "0052"
down_revision = "0042"

_STATEMENTS = (
    """CREATE TABLE card (
        card_id uuid PRIMARY KEY,
        patient_id uuid NOT NULL,
        clinic_id uuid NOT NULL,
        status text NOT NULL CHECK (
            status IN ('pending', 'saved', 'refused', 'removing', 'removed')),
        token text NOT NULL CHECK (token !~ '^[0-9 -]{12,}$'),
        reference text NOT NULL CHECK (status <> 'saved' OR reference <> ''),
        consent text NOT NULL CHECK (consent <> ''),
        reason text NOT NULL,
        consent_time timestamptz NOT NULL,
        update_time timestamptz NOT NULL)""",
    "CREATE INDEX card_of_patient ON card (patient_id, clinic_id, consent_time DESC)",
    """ALTER TABLE payment ADD COLUMN card text NOT NULL DEFAULT '',
        DROP CONSTRAINT payment_purpose_check,
        ADD CONSTRAINT payment_purpose_check
            CHECK (purpose IN ('package', 'deposit', 'instalment', 'balance')),
        ADD CONSTRAINT payment_card CHECK (card = '' OR purpose IN ('instalment', 'balance'))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
