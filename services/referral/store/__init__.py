"""Where referrals, their history, the patient registry and the directory are kept."""

from services.referral.store.directory import find_clinic, keep_clinic, prefetch_clinics
from services.referral.store.disclosures import named, put_on_record
from services.referral.store.partners import (
    Step,
    adopt,
    answer,
    claim_message,
    keep_partner,
    lease,
    owns,
    partners,
    placed,
    told,
    untold,
)
from services.referral.store.progress import move, prefetch, progress
from services.referral.store.reading import (
    changes,
    history,
    log_access,
    page,
    person,
    read,
)
from services.referral.store.referrals import find, look_up, record

__all__ = [
    "Step",
    "adopt",
    "answer",
    "changes",
    "claim_message",
    "find",
    "find_clinic",
    "history",
    "keep_clinic",
    "keep_partner",
    "lease",
    "log_access",
    "look_up",
    "move",
    "named",
    "owns",
    "page",
    "partners",
    "person",
    "placed",
    "prefetch",
    "prefetch_clinics",
    "progress",
    "put_on_record",
    "read",
    "record",
    "told",
    "untold",
]
