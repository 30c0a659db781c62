"""Each clinic's times are that clinic's, in PostgreSQL as well."""

from alembic import op

from chassis.tenancy import of_clinic, of_parent, open_to_all, word

revision = "0150"
down_revision = "0140"
branch_labels = None
depends_on = None

_OWNED = (
    *("clinic", "resource", "closure", "desk", "agenda", "repair", "feed"),
    "series",
)
_STATEMENTS = (
    *(one for table in _OWNED for one in of_clinic(table)),
    # A series that went to another clinic left its past where it was.
    *of_parent("booking", "series", "series_id", also=word("clinic_id::text")),
    *of_parent("past", "series", "series_id"),
    *of_parent("override", "series", "series_id"),
    *of_parent("standing", "series", "plan_id"),
    *of_parent("safety", "series", "patient_id"),
    *open_to_all(
        {"referral": "wishes may be told before any clinic has planned, and hold times, no names"}
    ),
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
