"""One flow is looked up by its referral: `halcyon flow show` reads no table whole."""

from alembic import op

revision = "0130"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX intake_of_referral ON intake (referral_id)")
