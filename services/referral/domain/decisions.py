"""What may happen to a referral on request: it is received, routed, cancelled."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.refusal import AlreadyExists, Invalid, NotAllowed, Violation
from services.referral.domain.admission import (
    Application,
    age_on,
    must_be_sound,
    must_be_stated_soundly,
)
from services.referral.domain.events import (
    Available,
    Cancelled,
    CancelReason,
    Decision,
    Event,
    Received,
    Registered,
    Routed,
    Supplemented,
    Window,
)
from services.referral.domain.referral import (
    Clinical,
    Day,
    Progress,
    Referral,
    Sex,
    Status,
)
from services.referral.domain.routing import Clinic, choose
from services.referral.domain.viewing import Viewer


class Known(NamedTuple):
    """What is known when a referral is asked for, and the ids it will have if it is new."""

    referral_id: UUID
    patient_id: UUID
    registered: bool
    match_key: bytes
    """What the registry calls the patient by, known or new."""
    made: Referral | None
    """What the same request id made before."""
    twin: Referral | None
    """An open referral of the same patient for the same category."""
    clinics: Sequence[Clinic]


def receive(asked: Application, known: Known, viewer: Viewer, now: datetime) -> Decision:
    """One request makes one referral, routed at once when a clinic has room."""
    viewer.must_refer_under(asked.referrer.npi)
    if known.made:
        return _same(known.made, asked), ()
    must_be_sound(asked, now.date())
    _must_know_clinic(asked, known)
    _must_be_alone(known.twin, viewer)
    received = _received(asked, known, now)
    events: tuple[Event, ...] = (Received(received),)
    if not known.registered:
        events = (Registered(known.patient_id, known.match_key, asked.patient), *events)
    address = asked.patient.address
    home = address.position if address else None
    clinic = choose(known.clinics, asked.clinical.category, asked.preferred_clinic_id, home)
    if clinic is None:
        return received, events
    routed = _step(received, Status.ROUTED, now, clinic)
    return routed, (*events, Routed(routed))


def route(referral: Referral, clinic: Clinic, now: datetime) -> Decision:
    """A person's choice, so capacity and specialty do not bind; sent once is sent."""
    _must_be_open(referral)
    if referral.progress.clinic_id == clinic.clinic_id:
        return referral, ()
    if referral.progress.clinic_id is not None:
        raise NotAllowed("ALREADY_ROUTED", "The referral was sent to another clinic.")
    routed = _step(referral, Status.ROUTED, now, clinic.clinic_id)
    return routed, (Routed(routed),)


def cancel(referral: Referral, reason: CancelReason, now: datetime) -> Decision:
    """Whatever has not ended can be withdrawn; twice is the same as once."""
    before = referral.progress
    if before.status is Status.CANCELLED:
        return referral, ()
    _must_be_open(referral)
    cancelled = _step(referral, Status.CANCELLED, now, before.clinic_id)
    return cancelled, (Cancelled(cancelled, reason, before.occupied_clinic_id),)


def supplement(referral: Referral, clinical: Clinical, now: datetime) -> Decision:
    """As long as the referral is open, more may be told about it.

    A clinic hears it as a fact; one that comes later hears it with the routing. The reason of the
    referral stays: another one is another referral.
    """
    _must_be_open(referral)
    must_be_stated_soundly(clinical, now.date())
    noted = _noted(referral, now)
    if referral.progress.clinic_id is None:
        reason = referral.clinical.indication_code
        noted = replace(noted, clinical=clinical._replace(indication_code=reason))
    return noted, (Supplemented(noted, clinical),)


def state_availability(
    referral: Referral, earliest: Day | None, windows: tuple[Window, ...], now: datetime
) -> Decision:
    """The latest word holds; listeners know it by the revision."""
    _must_be_open(referral)
    if earliest and earliest.real() is None:
        fault = Violation("earliest_date", "must be a real date")
        raise Invalid("INVALID_REFERRAL", "The date does not exist.", (fault,))
    noted = _noted(referral, now)
    return noted, (Available(noted, earliest, windows),)


def _noted(referral: Referral, now: datetime) -> Referral:
    """One more fact and line; nothing else of the referral moves."""
    before = referral.progress
    after = before._replace(
        revision=before.revision + 1,
        changes=before.changes + 1,
        update_time=max(now, before.update_time),
    )
    return replace(referral, progress=after)


def _received(asked: Application, known: Known, now: datetime) -> Referral:
    birth = asked.patient.birth_date.real()
    assert birth is not None
    return Referral(
        referral_id=known.referral_id,
        request_id=asked.request_id,
        digest=asked.digest,
        patient_id=known.patient_id,
        referrer=asked.referrer,
        clinical=asked.clinical,
        age_years=age_on(now.date(), birth),
        sex_at_birth=asked.patient.sex_at_birth or Sex.UNKNOWN,
        priority=asked.priority,
        preferred_clinic_id=asked.preferred_clinic_id,
        receive_time=now,
        progress=Progress(
            known.referral_id,
            Status.RECEIVED,
            now,
            now,
            revision=1,
            changes=1,
            partner=asked.partner,
        ),
    )


def _step(referral: Referral, status: Status, now: datetime, clinic_id: UUID | None) -> Referral:
    """Each fact stated is one revision and one line of the history."""
    before = referral.progress
    after = before._replace(
        status=status,
        clinic_id=clinic_id,
        revision=before.revision + 1,
        changes=before.changes + 1,
        occupied_clinic_id=None,
        update_time=max(now, before.update_time),
    )
    return replace(referral, progress=after)


def _same(made: Referral, asked: Application) -> Referral:
    if made.digest != asked.digest:
        raise AlreadyExists("REQUEST_ID_REUSED", "This request_id made another referral.")
    return made


def _must_know_clinic(asked: Application, known: Known) -> None:
    wanted = asked.preferred_clinic_id
    if wanted and all(clinic.clinic_id != wanted for clinic in known.clinics):
        fault = Violation("preferred_clinic_id", "must be a clinic of the network")
        raise Invalid("CLINIC_NOT_FOUND", "No clinic has this id.", (fault,))


def _must_be_alone(twin: Referral | None, viewer: Viewer) -> None:
    if twin:
        shown = {"referral_id": str(twin.referral_id)} if viewer.may_see(twin) else {}
        message = "An open referral for this patient and indication exists already."
        raise AlreadyExists("DUPLICATE_REFERRAL", message, shown)


def _must_be_open(referral: Referral) -> None:
    if referral.progress.ended:
        raise NotAllowed("REFERRAL_CLOSED", "The referral has ended.")
