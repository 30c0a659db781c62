"""Infusion times of plans that were revised."""

from alembic import op

revision = "0015"
down_revision = "0014"

_STATEMENTS = (
    """CREATE TABLE plan_minutes (
        plan_id uuid PRIMARY KEY,
        revision bigint NOT NULL,
        infusion_minutes integer NOT NULL CHECK (infusion_minutes > 0))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
