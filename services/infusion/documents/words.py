"""Codes as people read them."""

from decimal import Decimal

from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import observation_pb2 as noted

LEVELS = {
    noted.SEVERITY_MILD: "mild",
    noted.SEVERITY_MODERATE: "moderate",
    noted.SEVERITY_SEVERE: "severe",
}
DONE = frozenset(
    {
        nouns.SESSION_STATUS_COMPLETED,
        nouns.SESSION_STATUS_STOPPED_EARLY,
        nouns.SESSION_STATUS_RECOVERY,
        nouns.SESSION_STATUS_DISCHARGED,
        nouns.SESSION_STATUS_TRANSFERRED,
    }
)
"""The drug was given."""


def status(session: nouns.Session) -> str:
    """Where a session stands."""
    name = nouns.SessionStatus.Name(session.status)
    return words(name.removeprefix("SESSION_STATUS_"))


def words(code: str) -> str:
    """A code without its underscores."""
    return code.replace("_", " ").lower()


def plain(amount: str) -> str:
    """A decimal without trailing zeros and without an exponent."""
    return f"{Decimal(amount).normalize():f}"
