"""A gateway speaks of disputes by its own name of the payment."""

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.execute("CREATE INDEX payment_reference ON payment (reference) WHERE reference <> ''")
