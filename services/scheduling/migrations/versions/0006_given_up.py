"""A series ends when all its sessions to come were given up."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """ALTER TABLE series DROP CONSTRAINT series_release_reason_check,
            ADD CONSTRAINT series_release_reason_check CHECK (release_reason IN (
                'hold_expired', 'payment_failed', 'referral_cancelled', 'paid_too_late',
                'plan_stopped', 'sessions_given_up'))"""
    )
