"""The registry keeps identifiers sealed; who is the same patient is a keyed digest."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """DO $$ BEGIN IF EXISTS (SELECT FROM patient) THEN
        RAISE EXCEPTION 'patients kept in clear before 0002: begin with an empty database';
    END IF; END $$""",
    """ALTER TABLE patient
        DROP given_name, DROP family_name, DROP birth_date, DROP sex_at_birth, DROP phone,
        DROP email, DROP has_address, DROP line, DROP city, DROP state, DROP postal_code,
        DROP latitude, DROP longitude,
        ADD key_clinic_id uuid NOT NULL, ADD key_version integer NOT NULL,
        ADD wrapped_key bytea, ADD sealed bytea NOT NULL""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("Clinical data is not thrown away by a downgrade.")
