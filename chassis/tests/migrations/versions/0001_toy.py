"""The toy's tables."""

from alembic import op

from chassis.migrate import create_chassis_tables
from chassis.tenancy import of_clinic, of_parent

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.execute(
        """CREATE TABLE thing (
            thing_id uuid PRIMARY KEY, revision bigint NOT NULL, status text NOT NULL,
            price numeric(12, 2), seen_at timestamptz, span tstzrange, notes jsonb)"""
    )
    op.execute(
        """CREATE TABLE part (
            thing_id uuid REFERENCES thing, number integer, label text NOT NULL UNIQUE,
            PRIMARY KEY (thing_id, number))"""
    )
    op.execute("CREATE TABLE tick (id bigserial PRIMARY KEY, label text NOT NULL)")
    op.execute("CREATE TABLE ward (ward_id uuid PRIMARY KEY, clinic_id uuid NOT NULL)")
    op.execute(
        """CREATE TABLE bed (
            ward_id uuid REFERENCES ward, number integer, PRIMARY KEY (ward_id, number))"""
    )
    for statement in of_clinic("ward") + of_parent("bed", "ward", "ward_id"):
        op.execute(statement)
