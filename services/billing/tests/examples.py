"""Named test data: one series at one clinic, nobody real."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.billing.v1 import estimate_pb2 as nouns
from halcyon.billing.v1.billing_pb2 import Money as Money_
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.scheduling.events.v1.scheduling_events_pb2 import (
    CancellationFeeIncurred,
    ClinicUpdated,
    SeriesHeld,
    SeriesReleased,
    SessionTime,
)
from services.billing import domain
from services.billing.domain import Money
from services.billing.packs import claims

NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SERIES = UUID("bd9ae069-d99b-58b9-b6fe-11cd7031ce8e")
REFERRAL = UUID("fba4c831-cd64-55fa-a271-4411e170295b")
PATIENT = UUID("1ff8465b-0e9c-5af0-a755-d7df22549c0d")
CLINIC = UUID("5052bbfc-98ec-5f54-8fa7-86f30684bbce")
OTHER_CLINIC = UUID("0d3c6ef2-7c6b-4f5e-9a77-6c0a5a1b2c3d")
PRICE = Money(45000)
CODES = ("96365", "J3490")
TABLE = claims.claim_table(NOW.date())


def coding(*codes: str) -> domain.Coding:
    return domain.Coding(codes or CODES, TABLE)


def need(series_revision: int = 1, session_count: int = 8, minutes: int = 45) -> domain.Need:
    return domain.Need(
        series_id=SERIES,
        series_revision=series_revision,
        referral_id=REFERRAL,
        patient_id=PATIENT,
        clinic_id=CLINIC,
        session_count=session_count,
        infusion_minutes=minutes,
    )


def release(reason: str = "hold_expired", series_revision: int = 2) -> domain.Release:
    return domain.Release(
        series_id=SERIES,
        series_revision=series_revision,
        referral_id=REFERRAL,
        clinic_id=CLINIC,
        reason=reason,
    )


def delivery(number: int = 1, minutes: int = 45, revision: int = 2) -> domain.Delivery:
    return domain.Delivery(
        session_id=uuid5(SERIES, f"session/{number}"),
        session_revision=revision,
        series_id=SERIES,
        running_minutes=minutes,
        given_micrograms=35000,
        service_time=NOW,
    )


def series_held(
    series: UUID | None = None,
    *,
    revision: int = 1,
    sessions: int = 8,
    clinic: UUID = CLINIC,
    first: datetime | None = None,
    patient: UUID | None = None,
) -> SeriesHeld:
    series = series or uuid4()
    return SeriesHeld(
        series_id=str(series),
        revision=revision,
        plan_id=str(uuid5(series, "plan")),
        referral_id=str(uuid5(series, "referral")),
        patient_id=str(patient or PATIENT),
        clinic_id=str(clinic),
        indication_code="F33.2",
        sessions=[
            SessionTime(
                session_id=str(uuid5(series, f"session/{number}")),
                number=number,
                start_time=_start(first, number),
            )
            for number in range(1, sessions + 1)
        ],
        infusion_minutes=45,
    )


def _start(first: datetime | None, number: int) -> Timestamp:
    """Two and five days apart, as a series may be."""
    begin = first or datetime.now(UTC) + timedelta(days=21)
    days = (number - 1) // 2 * 7 + (number - 1) % 2 * 2
    return Timestamp(seconds=int((begin + timedelta(days=days)).timestamp()))


def clinic_updated(clinic: UUID = CLINIC, zone: str = "America/Denver") -> ClinicUpdated:
    return ClinicUpdated(clinic_id=str(clinic), revision=1, name="Denver", time_zone=zone)


def co_provider() -> nouns.CoProviderShare:
    provider = nouns.BillingProvider(
        name="Front Range Anesthesia PC",
        npi="1543219871",
        tin="98-7654321",
        state_code="CO",
        location="1200 Example Street, Denver, CO 80202",
    )
    return nouns.CoProviderShare(
        provider=provider,
        item="monitoring",
        description="Anesthesia monitoring of one session",
        procedure_codes=["99152"],
        price=Money_(currency_code="USD", minor_units=15000),
    )


def series_released(held: SeriesHeld, reason: str, *, revision: int = 2) -> SeriesReleased:
    return SeriesReleased(
        series_id=held.series_id,
        revision=revision,
        plan_id=held.plan_id,
        referral_id=held.referral_id,
        clinic_id=held.clinic_id,
        reason=reason,
    )


def fee_incurred(
    held: SeriesHeld, number: int = 1, *, revision: int = 5, **asked: int | str
) -> CancellationFeeIncurred:
    """A flat fee of 50 dollars for a late cancellation, unless a test asks otherwise."""
    flat = {"cause": "cancelled", "charge": "flat", "currency_code": "USD", "minor_units": 5000}
    return CancellationFeeIncurred(
        series_id=held.series_id,
        revision=revision,
        plan_id=held.plan_id,
        referral_id=held.referral_id,
        clinic_id=held.clinic_id,
        patient_id=held.patient_id,
        session_id=held.sessions[number - 1].session_id,
        policy="halcyon-cancellation@1",
        **{**flat, **asked},  # type: ignore[arg-type]
    )


def infusion_completed(
    held: SeriesHeld, number: int, *, minutes: int = 45, revision: int = 2
) -> InfusionCompleted:
    return InfusionCompleted(
        session_id=held.sessions[number - 1].session_id,
        revision=revision,
        number=number,
        session_count=len(held.sessions),
        series_id=held.series_id,
        plan_id=held.plan_id,
        referral_id=held.referral_id,
        patient_id=held.patient_id,
        clinic_id=held.clinic_id,
        outcome="completed",
        running_minutes=minutes,
        given_micrograms=35000,
        complete_time=Timestamp(seconds=int(NOW.timestamp())),
    )
