"""Series know the version of their plan; a revised plan proposes a repair."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CHANGES = (
    "ALTER TABLE series ADD COLUMN plan_version integer NOT NULL DEFAULT 1",
    """ALTER TABLE repair DROP CONSTRAINT repair_origin_check,
        ADD CONSTRAINT repair_origin_check
            CHECK (origin IN ('closure', 'submitted', 'optimised', 'revised'))""",
    "CREATE INDEX repair_of_clinic ON repair (clinic_id, closure_id)",
    # Until a plan comes, what a patient would like is kept by the clinics whose people say it.
    """UPDATE referral SET preferences = jsonb_build_object('*', preferences)
        WHERE preferences IS NOT NULL""",
)


def upgrade() -> None:
    for statement in _CHANGES:
        op.execute(statement)
