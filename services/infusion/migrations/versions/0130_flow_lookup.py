"""One flow is looked up by its referral: `halcyon flow show` reads no table whole."""

from alembic import op

revision = "0130"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX course_of_referral ON course (referral_id)")
    op.execute("CREATE INDEX session_of_course ON session (course_id)")
