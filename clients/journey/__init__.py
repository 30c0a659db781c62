"""What people do along a referral's way, as calls of the SDK, for demo, tests and bench."""

from pathlib import Path

from clients.journey.bedside import (
    begin,
    check_in,
    confirm,
    finish,
    go_home,
    infuse,
    measure,
    ordered_session,
    session_of,
    sessions_of,
)
from clients.journey.deciding import approve, assess, doses_of, intake_of, read_assessment
from clients.journey.readings import vitals
from clients.journey.referring import Unfinished, history, read_referral, refer, referral_of, until
from clients.journey.watching import alerts, watching

EXAMPLES = Path(__file__).parents[1] / "examples"

__all__ = [
    "EXAMPLES",
    "Unfinished",
    "alerts",
    "approve",
    "assess",
    "begin",
    "check_in",
    "confirm",
    "doses_of",
    "finish",
    "go_home",
    "history",
    "infuse",
    "intake_of",
    "measure",
    "ordered_session",
    "read_assessment",
    "read_referral",
    "refer",
    "referral_of",
    "session_of",
    "sessions_of",
    "until",
    "vitals",
    "watching",
]
