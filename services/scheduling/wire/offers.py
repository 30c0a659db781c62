"""Times that could be had, as callers ask for them and see them."""

from collections.abc import Mapping
from uuid import UUID

from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain
from services.scheduling.wire.clinics import KINDS
from services.scheduling.wire.replies import booking_reply
from services.scheduling.wire.requests import preferences

_NOBODY = UUID(int=0)


def plan_wanted(request: rpc.FindAvailabilityRequest) -> domain.Plan:
    """A plan that nobody has made yet."""
    return domain.Plan(
        plan_id=_NOBODY,
        referral_id=_NOBODY,
        patient_id=_NOBODY,
        clinic_id=UUID(request.clinic_id),
        indication_code="",
        weeks=tuple(request.sessions_per_week),
        min_gap_hours=request.min_gap_hours,
        infusion_minutes=request.infusion_minutes,
        recovery_minutes=request.recovery_minutes,
    )


def patient_wanted(request: rpc.FindAvailabilityRequest) -> domain.Patient:
    """Somebody of whom only the preferences are known."""
    return domain.Patient(preferences(request.preferences))


def offer_reply(
    clinic_id: UUID,
    weeks: tuple[int, ...],
    places: tuple[domain.Placement, ...],
    reasons: tuple[domain.Because, ...],
) -> nouns.Offer:
    """Times that a series could have."""
    proposed = [domain.Booking(_NOBODY, one, domain.Standing.PROPOSED) for one in places]
    return nouns.Offer(
        clinic_id=str(clinic_id),
        sessions_per_week=weeks,
        bookings=[booking_reply(one) for one in proposed],
        reasons=reasons,
    )


def utilisation_reply(used: Mapping[domain.Kind, tuple[int, int]]) -> list[nouns.Utilisation]:
    """The use of each kind."""
    return [
        nouns.Utilisation(kind=KINDS[kind], taken_minutes=taken, open_minutes=there)
        for kind, (taken, there) in used.items()
    ]
