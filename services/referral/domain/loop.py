"""The closed loop by standard: what a step is called in IHE 360X, FHIR R4 and BSeR."""

from typing import NamedTuple

from services.referral.domain.referral import ENDED, Status


class Codes(NamedTuple):
    """One step in the words of the standards (IHE PCC 360X rev. 1.2 and HL7 BSeR)."""

    transaction: str
    task: str
    request: str
    business: str
    bser: str


_BY_STATUS = {
    Status.RECEIVED: Codes("PCC-55", "requested", "active", "received", "2.0"),
    Status.ROUTED: Codes("PCC-55", "requested", "active", "received", "2.0"),
    Status.IN_ASSESSMENT: Codes("PCC-56", "accepted", "active", "accepted", "3.0"),
    Status.PLANNED: Codes("PCC-59", "in-progress", "active", "interim-results", "3.0"),
    Status.AWAITING_PAYMENT: Codes("PCC-59", "in-progress", "active", "interim-results", "3.0"),
    Status.SCHEDULED: Codes("PCC-60", "in-progress", "active", "appointment-booked", "5.1.1"),
    Status.IN_TREATMENT: Codes("PCC-59", "in-progress", "active", "interim-results", "5.1.4"),
    Status.COMPLETED: Codes("PCC-57", "completed", "completed", "outcome-final", "7.0"),
    Status.DECLINED: Codes("PCC-56", "rejected", "revoked", "declined", "4.0"),
    Status.CANCELLED: Codes("PCC-58", "cancelled", "revoked", "cancelled", "6.0"),
    Status.NEEDS_ATTENTION: Codes("PCC-59", "on-hold", "active", "interim-results", "3.0"),
}
_NO_SHOW = Codes("PCC-61", "in-progress", "active", "appointment-noshow", "5.1.2")
_CALLED_OFF = Codes("PCC-60", "in-progress", "active", "appointment-cancelled", "5.1.3")
_BY_CAUSE = {"SessionMissed": _NO_SHOW, "SessionCancelled": _CALLED_OFF}


def codes(status: Status, cause: str) -> Codes:
    """A no-show is told as one while the treatment goes on; an end stays an end."""
    told = _BY_STATUS[status]
    return told if status in ENDED else _BY_CAUSE.get(cause.rpartition(".")[2], told)
