"""A referral is its clinic's and its referrer's, in PostgreSQL as well; the registry follows."""

from alembic import op

from chassis.tenancy import (
    of_clinic,
    of_parent,
    of_process,
    open_to_all,
    word,
    written_by_all,
)

revision = "0150"
down_revision = "0011"
branch_labels = None
depends_on = None

_NOT_ROUTED = f"""clinic_id IS NULL AND ({word("'coordinator'")}
    OR {word("preferred_clinic_id::text")})"""
_PLACES = "the directory says where clinics are and how full, which decides where a referral goes"
_STATEMENTS = (
    *of_clinic("referral", also=f"{word('npi')} OR {_NOT_ROUTED}"),
    # Documents are rendered for services, which name a patient of any clinic.
    *of_parent("patient", "referral", "patient_id", also=word("'service'")),
    *of_parent("change", "referral", "referral_id"),
    *of_parent("partner_referral", "referral", "referral_id"),
    *of_parent("partner_untold", "referral", "referral_id"),
    *written_by_all("access_log"),
    *of_process("partner", also=word("'operator'")),
    *of_process("partner_message"),
    *of_process("partner_answer"),
    "ALTER VIEW directory SET (security_invoker = true)",
    *open_to_all(dict.fromkeys(("clinic", "clinic_load"), _PLACES)),
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
