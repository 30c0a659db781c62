"""Our words and everyone's words: the only room that sees both the domain and the contracts."""

from services.referral.wire.facts import Stated, fact
from services.referral.wire.news import NEWS, Heard, clinic, clinic_id, news, referral_id, step
from services.referral.wire.partners import (
    accepted,
    advanced,
    disclosed,
    earliest,
    partner,
    rejected,
    shown,
    windows,
)
from services.referral.wire.replies import change, echo, named, patient, pseudonymous
from services.referral.wire.requests import (
    application,
    clinical,
    reason,
    search,
    viewer,
)

__all__ = [
    "NEWS",
    "Heard",
    "Stated",
    "accepted",
    "advanced",
    "application",
    "change",
    "clinic",
    "clinic_id",
    "clinical",
    "disclosed",
    "earliest",
    "echo",
    "fact",
    "named",
    "news",
    "partner",
    "patient",
    "pseudonymous",
    "reason",
    "referral_id",
    "rejected",
    "search",
    "shown",
    "step",
    "viewer",
    "windows",
]
