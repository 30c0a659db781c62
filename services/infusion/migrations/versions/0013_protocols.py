"""Published protocols, and which of them each clinic works by."""

from alembic import op

revision = "0013"
down_revision = "0012"

_STATEMENTS = (
    """CREATE TABLE protocol (
        name text NOT NULL,
        version integer NOT NULL CHECK (version >= 1),
        clinic_id uuid,
        effective_date date NOT NULL,
        content text NOT NULL,
        published_by text NOT NULL,
        publish_time timestamptz NOT NULL,
        PRIMARY KEY (name, version))""",
    """CREATE TRIGGER protocol_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON protocol
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    """CREATE TABLE clinic_protocol (
        clinic_id uuid PRIMARY KEY,
        pack text NOT NULL,
        chosen_by text NOT NULL,
        choose_time timestamptz NOT NULL)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
