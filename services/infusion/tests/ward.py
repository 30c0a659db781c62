"""The service, asked by its calls' names, as the people of a clinic ask it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from chassis.auth import Principal
from chassis.testing import House, somebody
from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1 import leaving_calls_pb2 as leaving
from halcyon.infusion.v1 import monitoring_calls_pb2 as monitoring
from halcyon.infusion.v1 import observation_pb2 as noted
from halcyon.infusion.v1 import pump_calls_pb2 as pumping
from services.infusion import api, store
from services.infusion.tests import examples as eg


def person(subject: str, *roles: str, clinic: UUID = eg.BOSTON) -> Principal:
    known = somebody(*roles, clinics=frozenset({clinic}))
    return Principal(subject, known.roles, known.clinics, None, known.expires)


NURSE = person("nurse one", "nurse")
SECOND = person("nurse two", "nurse")
DOCTOR = person("doctor", "prescriber")
STRANGER = person("stranger", "nurse", "prescriber", clinic=eg.CHICAGO)


class Ward:
    """One clinic's people and their calls."""

    def __init__(self, house: House) -> None:
        self.house, self.api = house, api.InfusionService(house.db)

    async def expect(self, **about: Any) -> eg.Case:
        """A patient whose series is booked and whose dose is ordered."""
        case = eg.Case(**about)
        await self.house.given(case.approved(), case.confirmed())
        await self.house.stated()
        return case

    def now(self) -> datetime:
        return self.house.db.clock()

    def later(self, **span: float) -> datetime:
        self.house.db.travel(timedelta(**span))
        return self.now()

    async def arrive(self, session_id: str, who: Principal = NURSE) -> nouns.Session:
        request = gating.RecordArrivalRequest(session_id=session_id)
        return (await self.house.call(self.api.RecordArrival, request, who)).session

    async def found_at_arrival(self, session_id: str) -> set[str]:
        request = gating.RecordArrivalRequest(session_id=session_id)
        reply = await self.house.call(self.api.RecordArrival, request, NURSE)
        return {finding.item for finding in reply.findings}

    async def check(
        self, session_id: str, *readings: nouns.Vitals, who: Principal = NURSE, **changes: Any
    ) -> gating.RecordChecklistResponse:
        request = eg.checklist_request(session_id, self.now(), readings, **changes)
        return await self.house.call(self.api.RecordChecklist, request, who)

    async def confirm(
        self, session_id: str, who: Principal = SECOND, dose: int = 35000
    ) -> gating.ConfirmDoseResponse:
        request = eg.confirmation(session_id, dose)
        return await self.house.call(self.api.ConfirmDose, request, who)

    async def override(
        self,
        session_id: str,
        *items: str,
        kind: gate.GateKind.ValueType = gate.GATE_KIND_START,
        who: Principal = DOCTOR,
    ) -> gating.OverrideGateResponse:
        request = gating.OverrideGateRequest(
            session_id=session_id,
            gate=kind,
            items=items,
            reason_code="benefit_outweighs_risk",
            rationale="weighed with the patient",
        )
        return await self.house.call(self.api.OverrideGate, request, who)

    async def ready(self, session_id: str, dose: int = 35000) -> None:
        """Through the gate, up to the start."""
        await self.arrive(session_id)
        await self.check(session_id, setting=eg.setting(dose))
        await self.confirm(session_id, dose=dose)

    async def start(
        self,
        session_id: str,
        who: Principal = NURSE,
        at: datetime | None = None,
        **changes: Any,
    ) -> nouns.Session:
        request = eg.start(session_id, at or self.now(), **changes)
        return (await self.house.call(self.api.StartInfusion, request, who)).session

    async def running(self, session_id: str, dose: int = 35000) -> nouns.Session:
        await self.ready(session_id, dose)
        return await self.start(session_id)

    async def pause(self, session_id: str, who: Principal = NURSE) -> nouns.Session:
        request = pumping.PauseInfusionRequest(session_id=session_id, reason="alert")
        return (await self.house.call(self.api.PauseInfusion, request, who)).session

    async def resume(
        self, session_id: str, rate: str = "", who: Principal = NURSE
    ) -> nouns.Session:
        request = pumping.ResumeInfusionRequest(session_id=session_id, rate_ml_per_h=rate)
        return (await self.house.call(self.api.ResumeInfusion, request, who)).session

    async def rate(self, session_id: str, rate: str, who: Principal = NURSE) -> nouns.Session:
        request = pumping.ChangeRateRequest(session_id=session_id, rate_ml_per_h=rate)
        return (await self.house.call(self.api.ChangeRate, request, who)).session

    async def record(self, session_id: str, *readings: nouns.Vitals, who: Principal = NURSE) -> int:
        request = rpc.RecordVitalsRequest(session_id=session_id, readings=readings)
        return (await self.house.call(self.api.RecordVitals, request, who)).recorded_count

    async def complete(
        self, session_id: str, who: Principal = NURSE, **changes: Any
    ) -> nouns.Session:
        request = eg.end(session_id, **changes)
        return (await self.house.call(self.api.CompleteInfusion, request, who)).session

    async def stop(self, session_id: str, delivered: str | Decimal = "0") -> nouns.Session:
        return await self.complete(
            session_id,
            outcome=rpc.COMPLETION_OUTCOME_STOPPED_EARLY,
            delivered_ml=str(delivered),
            stop_reason="adverse_event",
        )

    async def recover(self, session_id: str, who: Principal = NURSE) -> nouns.Session:
        request = leaving.BeginRecoveryRequest(session_id=session_id)
        return (await self.house.call(self.api.BeginRecovery, request, who)).session

    async def discharge(
        self, session_id: str, who: Principal = NURSE, **changes: Any
    ) -> nouns.Session:
        request = eg.going_home(session_id, self.now(), **changes)
        return (await self.house.call(self.api.DischargeSession, request, who)).session

    async def transfer(self, session_id: str, who: Principal = NURSE) -> nouns.Session:
        request = leaving.TransferSessionRequest(session_id=session_id, reason="chest_pain")
        return (await self.house.call(self.api.TransferSession, request, who)).session

    async def acknowledge(
        self, session_id: str, alert_id: str, who: Principal = NURSE
    ) -> monitoring.AcknowledgeAlertResponse:
        request = monitoring.AcknowledgeAlertRequest(session_id=session_id, alert_id=alert_id)
        return await self.house.call(self.api.AcknowledgeAlert, request, who)

    async def note(
        self,
        session_id: str,
        observation: noted.Observation,
        request_id: UUID | None = None,
        who: Principal = NURSE,
    ) -> noted.Observation:
        request = monitoring.RecordObservationRequest(
            request_id=str(request_id or uuid4()), session_id=session_id, observation=observation
        )
        return (await self.house.call(self.api.RecordObservation, request, who)).observation

    async def miss(self, session_id: str, who: Principal = NURSE) -> nouns.Session:
        request = gating.RecordNoShowRequest(session_id=session_id)
        return (await self.house.call(self.api.RecordNoShow, request, who)).session

    async def cancel(self, session_id: str, who: Principal = NURSE) -> nouns.Session:
        request = gating.CancelSessionRequest(session_id=session_id, reason="clinic_closed")
        return (await self.house.call(self.api.CancelSession, request, who)).session

    async def get(self, session_id: str, who: Principal = NURSE) -> nouns.Session:
        request = rpc.GetSessionRequest(session_id=session_id)
        return (await self.house.call(self.api.GetSession, request, who)).session

    async def whole(
        self, session_id: str, who: Principal = NURSE
    ) -> monitoring.GetSessionRecordResponse:
        request = monitoring.GetSessionRecordRequest(session_id=session_id)
        return await self.house.call(self.api.GetSessionRecord, request, who)

    async def list(self, who: Principal = NURSE, **search: Any) -> rpc.ListSessionsResponse:
        return await self.house.call(self.api.ListSessions, rpc.ListSessionsRequest(**search), who)

    async def overdue(self, session_id: str) -> None:
        """The deadline of the next reading comes."""
        await self.house.meet(store.OVERDUE, UUID(session_id))
