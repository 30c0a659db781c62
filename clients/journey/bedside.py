"""The nurses' part: one session, call by call, or all of it afterwards."""

import asyncio
from collections.abc import Sequence

from clients.journey.readings import CALM, DRUG, INSTRUCTIONS, checklist, moment, programme, vitals
from clients.sdk import Halcyon
from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import infusion_pb2 as infusion
from halcyon.infusion.v1 import infusion_service_pb2 as infusing
from halcyon.infusion.v1 import leaving_calls_pb2 as leaving

_POLL = 0.05


async def sessions_of(nurse: Halcyon, series_id: str) -> Sequence[infusion.Session]:
    """The sessions of a series in order."""
    request = infusing.ListSessionsRequest(series_id=series_id)
    return (await nurse.infusion.ListSessions(request)).sessions


async def session_of(nurse: Halcyon, session_id: str) -> infusion.Session:
    """The session as it stands."""
    request = infusing.GetSessionRequest(session_id=session_id)
    return (await nurse.infusion.GetSession(request)).session


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
