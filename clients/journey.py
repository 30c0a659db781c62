"""What people do along a referral's way, as calls of the SDK, for demo, tests and bench."""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from google.protobuf.json_format import Parse
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from clients.fhir import referral_request
from clients.sdk import Halcyon
from halcyon.infusion.v1 import infusion_pb2 as infusion
from halcyon.infusion.v1 import infusion_service_pb2 as infusing
from halcyon.intake.v1 import assessment_pb2 as asked
from halcyon.intake.v1 import intake_pb2 as intake
from halcyon.intake.v1 import intake_service_pb2 as deciding
from halcyon.intake.v1 import plan_pb2 as planning
from halcyon.referral.v1.referral_pb2 import Referral, ReferralChange
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest, GetReferralRequest

EXAMPLES = Path(__file__).parent / "examples"
CHECKLIST = infusion.StartChecklist(
    identity_checked_twice=True, consent_current=True, escort_confirmed=True, fasting_kept=True
)
CALM = (128, 82)


def read_referral(content: str | bytes) -> CreateReferralRequest:
    """A referral from a FHIR R4 Bundle, or from our own JSON."""
    text = content.decode() if isinstance(content, bytes) else content
    if '"resourceType"' in text:
        return referral_request(text)
    return Parse(text, CreateReferralRequest())


async def refer(referrer: Halcyon, request: CreateReferralRequest) -> Referral:
    """The doctor sends the referral; the same file again is the same referral."""
    return (await referrer.referral.CreateReferral(request)).referral


class Unfinished(RuntimeError):
    """The flow did not come as far as expected; the message names what was not heard."""


async def until(
    watcher: Halcyon,
    referral_id: str,
    facts: Collection[type[Message]],
    patience: float = 60,
) -> Sequence[ReferralChange]:
    """Watch until each of the facts has been heard as often as named; every change on the way."""
    missing = Counter(fact.DESCRIPTOR.full_name for fact in facts)
    seen: list[ReferralChange] = []
    try:
        async with asyncio.timeout(patience), aclosing(watcher.watch(referral_id)) as changes:
            async for change in changes:
                seen.append(change)
                missing -= Counter([change.cause])
                if not missing:
                    return seen
    except TimeoutError:
        pass
    raise Unfinished(f"{', '.join(sorted(missing))} not heard of {referral_id}")


async def history(watcher: Halcyon, referral: Referral) -> Sequence[ReferralChange]:
    """Every change up to the revision at hand."""
    seen: list[ReferralChange] = []
    async with aclosing(watcher.watch(referral.referral_id)) as changes:
        async for change in changes:
            seen.append(change)
            if change.revision >= referral.revision:
                break
    return seen


def read_assessment(content: str) -> intake.Assessment:
    """An assessment from our own JSON; measures without a day were taken today."""
    read = Parse(content, intake.Assessment())
    today = datetime.now(UTC).date().isoformat()
    physical = read.physical_state
    physical.weight_date = physical.weight_date or today
    physical.height_date = physical.height_date or today
    return read


async def assess(
    specialist: Halcyon,
    referral_id: str,
    *,
    phq9_score: int = 20,
    weight_grams: int = 70_000,
    height_millimetres: int = 1_700,
) -> intake.Intake:
    """The specialist's own assessment, in its four blocks."""
    found = await intake_of(specialist, referral_id)
    assessment = unremarkable(phq9_score, weight_grams, height_millimetres)
    request = deciding.RecordAssessmentRequest(intake_id=found.intake_id, assessment=assessment)
    return (await specialist.intake.RecordAssessment(request)).intake


def unremarkable(phq9_score: int, weight_grams: int, height_millimetres: int) -> intake.Assessment:
    """Four blocks, each asked, with nothing in them but the depression and today's measures."""
    none, today = intake.History(asked=True), datetime.now(UTC).date().isoformat()
    return intake.Assessment(
        present_state=intake.PresentState(phq9_score=phq9_score, phq9_item9=0, findings=none),
        psychiatric_history=none,
        treatment_history=asked.TreatmentHistory(
            failed_trials=2, earlier_course=asked.EARLIER_COURSE_NONE
        ),
        physical_state=intake.PhysicalState(
            history=none,
            weight_grams=weight_grams,
            height_millimetres=height_millimetres,
            systolic=CALM[0],
            diastolic=CALM[1],
            medications=asked.Medications(asked=True),
            allergies=none,
            weight_date=today,
            height_date=today,
            pregnancy=asked.PREGNANCY_TEST_NEGATIVE,
        ),
        circumstances=intake.Circumstances(
            escort_available=True, family=none, relations=none, work=none
        ),
    )


async def approve(specialist: Halcyon, intake_id: str, rationale: str = "") -> intake.Intake:
    """The specialist signs the individual plan."""
    request = deciding.ApprovePlanRequest(intake_id=intake_id, rationale=rationale)
    return (await specialist.intake.ApprovePlan(request)).intake


async def intake_of(reader: Halcyon, referral_id: str) -> intake.Intake:
    """The clinic's own intake of a referral."""
    request = deciding.GetIntakeRequest(referral_id=referral_id)
    return (await reader.intake.GetIntake(request)).intake


async def doses_of(reader: Halcyon, referral_id: str) -> Sequence[planning.DoseChange]:
    """Every dose order of a referral's plan, in order."""
    known = await intake_of(reader, referral_id)
    request = planning.ListDoseOrdersRequest(intake_id=known.intake_id)
    return (await reader.intake.ListDoseOrders(request)).orders


async def referral_of(reader: Halcyon, referral_id: str) -> Referral:
    """The referral as it stands."""
    request = GetReferralRequest(referral_id=referral_id)
    return (await reader.referral.GetReferral(request)).referral


async def sessions_of(nurse: Halcyon, series_id: str) -> Sequence[infusion.Session]:
    """The sessions of a series in order."""
    request = infusing.ListSessionsRequest(series_id=series_id)
    return (await nurse.infusion.ListSessions(request)).sessions


async def begin(nurse: Halcyon, session_id: str, phq9_score: int = 20) -> infusion.Session:
    """The pump starts after the checklist, with calm vital signs."""
    request = infusing.StartInfusionRequest(
        session_id=session_id, checklist=CHECKLIST, baseline=vitals(*CALM), phq9_score=phq9_score
    )
    return (await nurse.infusion.StartInfusion(request)).session


async def measure(nurse: Halcyon, session_id: str, *readings: infusion.Vitals) -> int:
    """Readings while the pump runs."""
    request = infusing.RecordVitalsRequest(session_id=session_id, readings=readings)
    return (await nurse.infusion.RecordVitals(request)).recorded_count


async def finish(
    nurse: Halcyon, session_id: str, *adverse_events: str, minutes: int = 40
) -> infusion.Session:
    """The pump stops with the ordered dose given."""
    request = infusing.CompleteInfusionRequest(
        session_id=session_id,
        outcome=infusing.COMPLETION_OUTCOME_COMPLETED,
        running_minutes=minutes,
        adverse_events=adverse_events,
    )
    return (await nurse.infusion.CompleteInfusion(request)).session


async def infuse(nurse: Halcyon, session_id: str, *adverse_events: str) -> infusion.Session:
    """One whole session with one reading."""
    await begin(nurse, session_id)
    await measure(nurse, session_id, vitals(*CALM))
    return await finish(nurse, session_id, *adverse_events)


def vitals(systolic: int, diastolic: int, *, spo2: int = 98, pulse: int = 74) -> infusion.Vitals:
    """A reading taken now."""
    now = Timestamp()
    now.FromDatetime(datetime.now(UTC))
    return infusion.Vitals(
        measure_time=now,
        oxygen_saturation=spo2,
        heart_rate=pulse,
        systolic=systolic,
        diastolic=diastolic,
        moaas=5,
    )
