"""Where plans stand that were ever paused, resumed or stopped."""

from alembic import op

revision = "0011"
down_revision = "0010"

_STATEMENTS = (
    """CREATE TABLE plan_standing (
        plan_id uuid PRIMARY KEY,
        revision bigint NOT NULL,
        standing text NOT NULL CHECK (standing IN ('active', 'paused', 'stopped')))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
