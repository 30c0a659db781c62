"""Protocol packs that clinics publish, and which one a clinic has chosen."""

from alembic import op

revision = "0003"
down_revision = "0002"

_STATEMENTS = (
    """CREATE TABLE protocol_pack (
        name text COLLATE "C" NOT NULL,
        version integer NOT NULL CHECK (version >= 1),
        clinic_id uuid,
        effective_date date NOT NULL,
        content text NOT NULL,
        published_by text NOT NULL,
        publish_time timestamptz NOT NULL,
        PRIMARY KEY (name, version))""",
    """CREATE TRIGGER protocol_pack_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON protocol_pack
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    "ALTER TABLE clinic_policy ADD COLUMN pack text",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
