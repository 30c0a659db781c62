"""When a referred patient can come, as the referrer told it last."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE referral ADD COLUMN availability_revision bigint NOT NULL DEFAULT 0")


def downgrade() -> None:
    raise NotImplementedError("What was said about a referral is not thrown away.")
