"""What the contract with a partner names; and the lines a partner has yet to be told, as a queue."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "ALTER TABLE partner ADD COLUMN fields text[] NOT NULL DEFAULT '{}'",
    # Whoever submitted a referral by events: a line is queued with the line itself, so that what
    # a partner has yet to be told costs nothing to find, however many referrals it ever sent.
    "ALTER TABLE referral ADD COLUMN partner text NOT NULL DEFAULT ''",
    """CREATE TABLE partner_untold (
        partner text NOT NULL, referral_id uuid NOT NULL, number bigint NOT NULL,
        PRIMARY KEY (partner, referral_id, number))""",
    """UPDATE referral SET partner = mine.partner FROM partner_referral AS mine
        WHERE mine.referral_id = referral.referral_id""",
    """INSERT INTO partner_untold
        SELECT partner, referral_id, number FROM partner_referral
        JOIN change USING (referral_id) WHERE number > told""",
    "ALTER TABLE partner_referral DROP COLUMN told",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("What partners have yet to be told is not thrown away.")
