"""What people do along a referral's way, as calls of the SDK, for demo, tests and bench."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from google.protobuf.json_format import Parse
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from grpc.aio import AioRpcError

from clients.custody import DEMO_DRUG
from clients.sdk import Halcyon
from clients.sdk.errors import typed
from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import infusion_pb2 as infusion
from halcyon.infusion.v1 import infusion_service_pb2 as infusing
from halcyon.infusion.v1 import leaving_calls_pb2 as leaving
from halcyon.infusion.v1 import monitoring_calls_pb2 as monitoring
from halcyon.infusion.v1.monitoring_pb2 import Alert
from halcyon.intake.v1 import assessment_pb2 as asked
from halcyon.intake.v1 import intake_pb2 as intake
from halcyon.intake.v1 import intake_service_pb2 as deciding
from halcyon.intake.v1 import plan_pb2 as planning
from halcyon.referral.v1.referral_pb2 import Referral, ReferralChange
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest, GetReferralRequest
from standards.fhir import referral_request

EXAMPLES = Path(__file__).parent / "examples"
DRUG = DEMO_DRUG
INSTRUCTIONS = ("emergency_contact", "no_alcohol", "no_decisions", "no_driving")
CALM = (128, 82)
_POLL = 0.05


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


async def ordered_session(
    nurse: Halcyon, series_id: str, number: int, dose_order_id: str, patience: float = 30
) -> infusion.Session:
    """The session of that number, once the bedside knows the dose order in force."""
    async with asyncio.timeout(patience):
        while True:
            found = (await sessions_of(nurse, series_id))[number - 1]
            if found.dose_order_id == dose_order_id:
                return found
            await asyncio.sleep(_POLL)


async def check_in(
    nurse: Halcyon,
    session: infusion.Session,
    *,
    minutes_ago: float = 0,
    phq9_score: int = 20,
    reading: infusion.Vitals | None = None,
) -> gating.RecordChecklistResponse:
    """The patient comes, and the nurse makes the checklist and programmes the pump."""
    at = moment(minutes_ago)
    arrival = gating.RecordArrivalRequest(session_id=session.session_id, arrive_time=at)
    await nurse.infusion.RecordArrival(arrival)
    request = gating.RecordChecklistRequest(
        session_id=session.session_id,
        checklist=checklist(session, phq9_score, minutes_ago),
        readings=[reading or vitals(*CALM, minutes_ago=minutes_ago)],
        check_time=at,
    )
    return await nurse.infusion.RecordChecklist(request)


async def confirm(
    second: Halcyon, session: infusion.Session, *, minutes_ago: float = 0
) -> gating.ConfirmDoseResponse:
    """A second person reads drug and programme off the bag and the pump."""
    request = gating.ConfirmDoseRequest(
        session_id=session.session_id,
        drug=DRUG,
        programme=programme(session),
        confirm_time=moment(minutes_ago),
    )
    return await second.infusion.ConfirmDose(request)


async def begin(nurse: Halcyon, session_id: str, *, minutes_ago: float = 0) -> infusion.Session:
    """The pump starts, with calm vital signs, once the gate lets it."""
    request = infusing.StartInfusionRequest(
        session_id=session_id,
        baseline=vitals(*CALM, minutes_ago=minutes_ago),
        start_time=moment(minutes_ago),
    )
    return (await nurse.infusion.StartInfusion(request)).session


async def measure(nurse: Halcyon, session_id: str, *readings: infusion.Vitals) -> int:
    """Readings while the patient is here."""
    request = infusing.RecordVitalsRequest(session_id=session_id, readings=readings)
    return (await nurse.infusion.RecordVitals(request)).recorded_count


async def finish(
    nurse: Halcyon,
    session_id: str,
    *adverse_events: str,
    minutes_ago: float = 0,
    container_id: str = "",
) -> infusion.Session:
    """The pump stops with the ordered dose given, drawn from the container when one is named."""
    request = infusing.CompleteInfusionRequest(
        session_id=session_id,
        outcome=infusing.COMPLETION_OUTCOME_COMPLETED,
        adverse_events=adverse_events,
        end_time=moment(minutes_ago),
        container_id=container_id,
    )
    return (await nurse.infusion.CompleteInfusion(request)).session


async def go_home(nurse: Halcyon, session_id: str, *, rest_minutes: int = 0) -> infusion.Session:
    """The patient rests, is measured, and goes home, well and with an escort."""
    resting = leaving.BeginRecoveryRequest(session_id=session_id, recover_time=moment(rest_minutes))
    await nurse.infusion.BeginRecovery(resting)
    if rest_minutes:
        times = range(rest_minutes - 15, 0, -15)
        await measure(nurse, session_id, *(vitals(*CALM, minutes_ago=at) for at in times))
    assessment = gate.DischargeAssessment(
        aldrete=10,
        moaas=5,
        gait_steady=True,
        oriented=True,
        escort_present=True,
        escort_name="Synthetic Escort",
        instructions=INSTRUCTIONS,
    )
    request = leaving.DischargeSessionRequest(
        session_id=session_id, assessment=assessment, reading=vitals(*CALM)
    )
    return (await nurse.infusion.DischargeSession(request)).session


async def watching(
    watcher: Halcyon, session_id: str
) -> AsyncGenerator[monitoring.WatchSessionResponse, None]:
    """How a session stands, and then every reading, alert and move until it is over."""
    call = watcher.infusion.WatchSession(monitoring.WatchSessionRequest(session_id=session_id))
    try:
        async for told in call:
            yield told
    except AioRpcError as fault:
        raise typed(fault) from None
    finally:
        call.cancel()


async def alerts(watcher: Halcyon, session_id: str) -> AsyncGenerator[Alert, None]:
    """The alerts of a session as they come."""
    async with aclosing(watching(watcher, session_id)) as news:
        async for told in news:
            if told.HasField("alert"):
                yield told.alert


async def infuse(
    nurse: Halcyon, second: Halcyon, session_id: str, *adverse_events: str
) -> infusion.Session:
    """One whole session, entered after it: as ordered, with a reading every ten minutes."""
    session = await session_of(nurse, session_id)
    length = session.infusion_minutes
    await check_in(nurse, session, minutes_ago=length)
    await confirm(second, session, minutes_ago=length)
    await begin(nurse, session_id, minutes_ago=length)
    told = [vitals(*CALM, minutes_ago=at) for at in range(length - 10, -1, -10)]
    await measure(nurse, session_id, *told)
    return await finish(nurse, session_id, *adverse_events)


async def session_of(nurse: Halcyon, session_id: str) -> infusion.Session:
    """The session as it stands."""
    request = infusing.GetSessionRequest(session_id=session_id)
    return (await nurse.infusion.GetSession(request)).session


def checklist(
    session: infusion.Session, phq9_score: int = 20, minutes_ago: float = 0
) -> infusion.StartChecklist:
    """A checklist on which everything is as it should be, with the pump as ordered."""
    return infusion.StartChecklist(
        identity_checked_twice=True,
        consent_current=True,
        consent_expire_date="2099-12-31",
        escort_confirmed=True,
        escort_name="Synthetic Escort",
        fasting_kept=True,
        last_solids_time=moment(minutes_ago + 600),
        last_clear_fluids_time=moment(minutes_ago + 240),
        substances_asked=True,
        pregnancy=gate.PREGNANCY_NOT_RELEVANT,
        phq9_score=phq9_score,
        phq9_item9=0,
        drug=DRUG,
        programme=programme(session),
    )


def programme(session: infusion.Session) -> gate.PumpProgramme:
    """The ordered dose in a bag of 100 mL, over the ordered minutes."""
    dose, minutes = Decimal(session.ordered_micrograms) / 1000, session.infusion_minutes
    rate = (Decimal(100) * 60 / minutes).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return gate.PumpProgramme(
        dose_mg=f"{dose:f}",
        concentration_mg_per_ml=f"{dose / 100:f}",
        volume_ml="100",
        minutes=minutes,
        rate_ml_per_h=f"{rate:f}",
    )


def moment(minutes_ago: float = 0) -> Timestamp:
    """So many minutes ago."""
    at = Timestamp()
    at.FromDatetime(datetime.now(UTC) - timedelta(minutes=minutes_ago))
    return at


def vitals(
    systolic: int,
    diastolic: int,
    *,
    spo2: int = 98,
    pulse: int = 74,
    minutes_ago: float = 0,
) -> infusion.Vitals:
    """A reading taken so many minutes ago."""
    return infusion.Vitals(
        measure_time=moment(minutes_ago),
        oxygen_saturation=spo2,
        heart_rate=pulse,
        systolic=systolic,
        diastolic=diastolic,
        moaas=5,
        respiratory_rate=14,
    )
