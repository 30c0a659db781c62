"""Each clinic's sessions and drugs are that clinic's, in PostgreSQL as well."""

from alembic import op

from chassis.tenancy import of_clinic, of_parent, shared

revision = "0151"
down_revision = "0150"
branch_labels = None
depends_on = None

_OWNED = (
    *("session", "session_word", "clinic_clock", "clinic_protocol"),
    *("custody_registration", "custody_container", "custody_incident", "custody_stocktaking"),
)
_OF = {
    "session": (
        *("attendance", "start_form", "double_check", "gate_override", "infusion"),
        *("pump_interval", "vitals", "alert", "observation", "discharge"),
    ),
    "custody_container": ("custody_entry", "custody_disposal", "custody_count_line"),
    "custody_registration": ("custody_count",),
}
_KEYS = {
    "session": "session_id",
    "custody_container": "container_id",
    "custody_registration": "dea_number",
}
_WITH_A_SESSION = """EXISTS (
    SELECT FROM session AS part WHERE part.course_id = course.course_id OFFSET 0)"""
_STATEMENTS = (
    # What is told of a plan or of a patient is seen by whoever has a course of it.
    "CREATE INDEX course_of_plan ON course (plan_id)",
    "CREATE INDEX course_of_patient ON course (patient_id)",
    *(one for table in _OWNED for one in of_clinic(table)),
    *(
        one
        for parent, tables in _OF.items()
        for table in tables
        for one in of_parent(table, parent, _KEYS[parent])
    ),
    # A course that went to another clinic left its past where it was.
    *of_clinic("course", also=_WITH_A_SESSION),
    *of_parent("dose_order", "course", "plan_id"),
    *of_parent("plan_minutes", "course", "plan_id"),
    *of_parent("plan_standing", "course", "plan_id"),
    *of_parent("risk_screening", "course", "patient_id"),
    *shared("protocol"),
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
