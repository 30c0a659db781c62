"""Where intake keeps what it knows."""

from services.intake.store.assessments import assessments_of
from services.intake.store.intakes import Question, find, get, listed, prefetch, record, unknown
from services.intake.store.opening import load_opening
from services.intake.store.plans import orders_of
from services.intake.store.policies import keep_zone, policy, set_policy
from services.intake.store.publications import (
    find_pack,
    keep_pack,
    latest_pack,
    listed_packs,
    pack,
)
from services.intake.store.records import load_records, record_of
from services.intake.store.scores import find_score, scores_of_patient

__all__ = [
    "Question",
    "assessments_of",
    "find",
    "find_pack",
    "find_score",
    "get",
    "keep_pack",
    "keep_zone",
    "latest_pack",
    "listed",
    "listed_packs",
    "load_opening",
    "load_records",
    "orders_of",
    "pack",
    "policy",
    "prefetch",
    "record",
    "record_of",
    "scores_of_patient",
    "set_policy",
    "unknown",
]
