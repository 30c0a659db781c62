"""Deadlines of the controlled-drug record: a witness for each disposal, and the next inventory."""

from alembic import op

revision = "0014"
down_revision = "0013"

_STATEMENTS = (
    "ALTER TABLE custody_disposal ADD due_time timestamptz, ADD escalate_time timestamptz",
    """CREATE TABLE custody_stocktaking (
        stocktaking_id uuid PRIMARY KEY,
        dea_number text NOT NULL UNIQUE REFERENCES custody_registration,
        clinic_id uuid NOT NULL,
        time_zone text NOT NULL,
        due_date date NOT NULL,
        stage text NOT NULL CHECK (stage IN ('ahead', 'due', 'overdue')),
        revision integer NOT NULL CHECK (revision >= 0))""",
    # Places that were registered before are looked at now.
    """INSERT INTO custody_stocktaking
        SELECT gen_random_uuid(), dea_number, clinic_id, time_zone, coalesce((
            SELECT (max(count_time) AT TIME ZONE time_zone + interval '24 months')::date
            FROM custody_count WHERE custody_count.dea_number = custody_registration.dea_number
                AND scope = 'inventory'), open_date), 'ahead', 0 FROM custody_registration""",
    """INSERT INTO due (name, entity_id, due_at)
        SELECT 'take-inventory', stocktaking_id, now() FROM custody_stocktaking""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
