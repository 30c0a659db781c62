"""The end of a period: its balances are fixed, and nothing can be posted into it any more."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.refusal import Invalid, NotAllowed, Violation
from services.billing.domain.journal import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A closed period of one clinic; it begins where the one before it ended."""

    clinic_id: UUID
    until: datetime
    """The first moment that does not belong to it."""
    balances: tuple[Posting, ...]
    """Every account at that moment, since the beginning."""
    closed_by: str
    close_time: datetime


def must_close(until: datetime, last: Period | None, now: datetime) -> bool:
    """Whether there is something to close: only the past, and only forward."""
    if until > now:
        fault = Violation("until_time", "must not be in the future")
        raise Invalid("INVALID_PERIOD", "A period is closed after it has ended.", (fault,))
    if last is not None and until < last.until:
        raise NotAllowed("PERIOD_CLOSED", "That period lies in one that is closed already.")
    return last is None or until > last.until


def close(
    clinic_id: UUID, until: datetime, balances: tuple[Posting, ...], person: str, now: datetime
) -> Period:
    """The balances at the end, with the name of whoever answers for them."""
    return Period(
        clinic_id=clinic_id, until=until, balances=balances, closed_by=person, close_time=now
    )
