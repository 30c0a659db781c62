"""What others say, in our words."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.ids import uuid_of
from chassis.refusal import Reject
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.scheduling.events.v1.scheduling_events_pb2 import (
    CancellationFeeIncurred,
    ClinicUpdated,
    SeriesHeld,
    SeriesReleased,
    SessionTime,
)
from services.billing import domain
from services.billing.domain import FeeKind, Missed, Tariff

_KINDS: Mapping[str, FeeKind] = {
    "flat": FeeKind.FLAT,
    "percent": FeeKind.PERCENT,
    "full": FeeKind.FORFEIT,
}
_WHOLE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def series(fact: SeriesHeld | SeriesReleased) -> UUID:
    """The series that a fact tells of."""
    return _id(fact.series_id)


def clinic_of(fact: SeriesHeld) -> UUID:
    """Where a series is to be given."""
    return _id(fact.clinic_id)


def need(fact: SeriesHeld) -> domain.Need:
    """A series that must be paid for."""
    if not fact.sessions:
        raise Reject("no sessions")
    return domain.Need(
        series_id=_id(fact.series_id),
        series_revision=fact.revision,
        referral_id=_id(fact.referral_id),
        patient_id=_id(fact.patient_id),
        clinic_id=_id(fact.clinic_id),
        session_count=len(fact.sessions),
        infusion_minutes=fact.infusion_minutes,
        diagnosis=fact.indication_code,
        first_service=_start(fact.sessions[0]),
        last_service=_start(fact.sessions[-1]),
    )


def release(fact: SeriesReleased) -> domain.Release:
    """A series that was given back."""
    return domain.Release(
        series_id=_id(fact.series_id),
        series_revision=fact.revision,
        referral_id=_id(fact.referral_id),
        clinic_id=_id(fact.clinic_id),
        reason=fact.reason,
    )


def delivery(fact: InfusionCompleted) -> domain.Delivery:
    """A session that was delivered."""
    return domain.Delivery(
        session_id=_id(fact.session_id),
        session_revision=fact.revision,
        series_id=_id(fact.series_id),
        running_minutes=fact.running_minutes,
        given_micrograms=fact.given_micrograms,
        service_time=_moment(fact.complete_time),
        clinic_id=_id(fact.clinic_id),
    )


def incurred(fact: CancellationFeeIncurred) -> domain.Incurred:
    """A fee by scheduling's cancellation policy."""
    if fact.cause not in set(Missed):
        raise Reject("cause of the fee")
    return domain.Incurred(
        series_id=_id(fact.series_id),
        session_id=_id(fact.session_id),
        missed=Missed(fact.cause),
        tariff=_tariff(fact),
        currency_code=fact.currency_code,
        policy=fact.policy,
    )


def clinic(fact: ClinicUpdated) -> tuple[UUID, int, str]:
    """A clinic, the number of the news, and its wall clock."""
    return _id(fact.clinic_id), fact.revision, fact.time_zone


def _tariff(fact: CancellationFeeIncurred) -> Tariff:
    """Only the number that belongs to the kind is read, and it must be one."""
    match kind := _KINDS.get(fact.charge):
        case FeeKind.FLAT if fact.minor_units > 0:
            return Tariff(kind, fact.minor_units)
        case FeeKind.PERCENT if 0 < fact.percent <= _WHOLE:
            return Tariff(kind, fact.percent)
        case FeeKind.FORFEIT:
            return Tariff(kind)
        case _:
            raise Reject("amount of the fee")


def _start(session: SessionTime) -> datetime | None:
    return _moment(session.start_time) if session.HasField("start_time") else None


def _moment(told: Timestamp) -> datetime:
    return _EPOCH + timedelta(0, told.seconds, told.nanos // 1000)


@lru_cache(maxsize=1024)
def _id(text: str) -> UUID:
    """A batch names each id several times, and its clinics over and over."""
    try:
        return uuid_of(text)
    except ValueError:
        raise Reject("id") from None
