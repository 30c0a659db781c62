"""Many flows through one network: synthetic referrals to a clinic under a standing order."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid5

from google.type.date_pb2 import Date

from clients.network import seed
from clients.network.seed import DemoClinic
from clients.sdk import Halcyon
from clients.sdk.errors import DeadlineExceeded, Unavailable
from halcyon.intake.v1 import intake_pb2 as intake
from halcyon.referral.v1 import referral_pb2 as referral
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest
from tests.marks import FAMILY, GIVEN, MAIL

NPI = "1234567893"
RUN = UUID("5eed0000-0000-4000-8000-000000000000")
_NONE = referral.HistorySection(statement=referral.SECTION_STATEMENT_NONE)


def large_clinic(key: str, rooms: int) -> DemoClinic:
    """A clinic with room for everybody, under a standing order."""
    approval = intake.APPROVAL_STANDING_ORDER
    place = "America/Denver", 39.7, -105.0, ("F33",)
    return DemoClinic(key, f"Clinic {key}", *place, rooms, rooms, approval, 450, 1_000_000)


async def open_clinics(director: Halcyon, clinics: Sequence[DemoClinic]) -> None:
    """Put them on the network."""
    for clinic in clinics:
        await seed.add(director, clinic)


def application(number: int, clinic: DemoClinic, run: UUID = RUN) -> CreateReferralRequest:
    """One synthetic referral; the same number is the same referral."""
    patient = referral.Patient(
        given_name=GIVEN,
        family_name=f"{FAMILY}{run.hex[:8]}{number}",
        email=f"{MAIL}{number}@example.org",
        birth_date=Date(year=1980, month=1 + number % 12, day=1 + number % 28),
        sex_at_birth=referral.SEX_AT_BIRTH_FEMALE,
    )
    clinical = referral.ClinicalSummary(
        indication_code="F33.2",
        weight_grams=70_000,
        weight_date=Date(year=2026, month=11, day=1),
        height_millimetres=1_700,
        phq9_score=18,
        psychiatric_history=_NONE,
        physical_history=_NONE,
        medications=_NONE,
        allergies=_NONE,
    )
    doctor = referral.Practitioner(npi=NPI, given_name="Synthetic", family_name="Doctor")
    return CreateReferralRequest(
        request_id=str(uuid5(run, f"request/{number}")),
        referrer=doctor,
        patient=patient,
        clinical=clinical,
        preferred_clinic_id=str(clinic.clinic_id),
    )


async def submit(doctor: Halcyon, asked: CreateReferralRequest, patience: float = 300) -> str:
    """Submit until it is accepted: what is out of reach now is asked again with the same id."""
    async with asyncio.timeout(patience):
        while True:
            try:
                reply = await doctor.referral.CreateReferral(asked)
            except (Unavailable, DeadlineExceeded):
                await asyncio.sleep(0.1)
            else:
                return reply.referral.referral_id


async def submit_all(
    doctor: Halcyon, asked: Sequence[CreateReferralRequest], in_flight: int = 32
) -> list[str]:
    """Submit many, some at a time; the ids in the order asked."""
    slots = asyncio.Semaphore(in_flight)

    async def one(request: CreateReferralRequest) -> str:
        async with slots:
            return await submit(doctor, request)

    return await asyncio.gather(*map(one, asked))
