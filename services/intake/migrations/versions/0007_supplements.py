"""As of which revision of its referral an intake knows what the referrer told."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("ALTER TABLE intake ADD COLUMN told_revision bigint NOT NULL DEFAULT 0")
