"""Where referrals, their history, the patient registry and the directory are kept."""

from services.referral.store.directory import find_clinic, keep_clinic, prefetch_clinics
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
    "changes",
    "find",
    "find_clinic",
    "history",
    "keep_clinic",
    "log_access",
    "look_up",
    "move",
    "page",
    "person",
    "prefetch",
    "prefetch_clinics",
    "progress",
    "read",
    "record",
]
