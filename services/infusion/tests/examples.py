"""Named test data: synthetic series, plans, checklists and readings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4, uuid5

from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1 import leaving_calls_pb2 as leaving
from halcyon.intake.events.v1.intake_events_pb2 import (
    DoseAdjusted,
    PlanApproved,
    PlanPaused,
    PlanResumed,
    PlanRevised,
    PlanStopped,
    SuicideRiskScreened,
)
from halcyon.scheduling.events.v1.scheduling_events_pb2 import (
    BookingCancelled,
    SeriesConfirmed,
    SeriesReleased,
    SeriesRescheduled,
    SessionTime,
)
from services.infusion import domain, packs, wire

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOSTON = UUID("0b000000-0000-4000-8000-000000000001")
CHICAGO = UUID("0c000000-0000-4000-8000-000000000002")
PACK = packs.current()
DRUG = domain.Drug("12345-678-90", "L0T-7", date(2030, 1, 31))


def stamp(moment: datetime) -> Timestamp:
    said = Timestamp()
    said.FromDatetime(moment)
    return said


def setting(dose: int = 35000, volume: str = "100", minutes: int = 40) -> domain.Setting:
    """The dose in a bag, over the ordered minutes."""
    milligrams, millilitres = Decimal(dose) / 1000, Decimal(volume)
    draft = domain.Setting(milligrams, milligrams / millilitres, millilitres, minutes, Decimal(1))
    return replace(draft, rate_ml_per_h=domain.rate(draft, PACK.library))


def checklist(at: datetime = NOON, **changes: Any) -> domain.Checklist:
    """Everything as it should be."""
    told = domain.Checklist(
        identity_checked_twice=True,
        consent_current=True,
        escort_confirmed=True,
        fasting_kept=True,
        consent_expire_date=date(2030, 1, 1),
        escort_name="Synthetic Escort",
        last_solids_time=at - timedelta(hours=10),
        last_clear_fluids_time=at - timedelta(hours=4),
        substances_asked=True,
        pregnancy=domain.Pregnancy.NOT_RELEVANT,
        phq9_score=18,
        phq9_item9=0,
        drug=DRUG,
        setting=setting(),
    )
    return replace(told, **changes)


def vitals(at: datetime = NOON, **changes: Any) -> domain.Vitals:
    told: dict[str, Any] = {
        "oxygen_saturation": 98,
        "heart_rate": 72,
        "systolic": 122,
        "diastolic": 78,
        "moaas": 5,
        "respiratory_rate": 14,
    }
    return domain.Vitals(at, **told | changes)


@dataclass(frozen=True)
class Case:
    """One patient's plan and series, and what other services say of them."""

    clinic_id: UUID = BOSTON
    plan_id: UUID = field(default_factory=uuid4)
    referral_id: UUID = field(default_factory=uuid4)
    patient_id: UUID = field(default_factory=uuid4)

    @property
    def series_id(self) -> UUID:
        return uuid5(self.plan_id, "series")

    def session_id(self, number: int) -> str:
        return str(domain.session_id(self.series_id, number))

    def approved(self, dose: int = 35000) -> PlanApproved:
        return PlanApproved(
            intake_id=str(uuid4()),
            revision=2,
            plan_id=str(self.plan_id),
            dose_order_id=str(uuid5(self.plan_id, "dose/1")),
            dose_micrograms=dose,
            approve_time=stamp(NOON),
        )

    def adjusted(self, number: int, dose: int) -> DoseAdjusted:
        return DoseAdjusted(
            intake_id=str(uuid4()),
            revision=number + 2,
            plan_id=str(self.plan_id),
            dose_order_id=str(uuid5(self.plan_id, f"dose/{number}")),
            number=number,
            dose_micrograms=dose,
            adjust_time=stamp(NOON),
        )

    def revised(self, minutes: int, revision: int = 3) -> PlanRevised:
        plan_id = str(self.plan_id)
        return PlanRevised(plan_id=plan_id, revision=revision, infusion_minutes=minutes)

    def paused(self, revision: int = 3) -> PlanPaused:
        return PlanPaused(plan_id=str(self.plan_id), revision=revision, reason="non_response")

    def resumed(self, revision: int = 4) -> PlanResumed:
        return PlanResumed(plan_id=str(self.plan_id), revision=revision)

    def stopped(self, revision: int = 5) -> PlanStopped:
        return PlanStopped(plan_id=str(self.plan_id), revision=revision, reason="patient_choice")

    def screened(self, at: datetime, block_until: datetime | None = None) -> SuicideRiskScreened:
        return SuicideRiskScreened(
            patient_id=str(self.patient_id),
            level="high" if block_until else "low",
            block_until_time=stamp(block_until) if block_until else None,
            screen_time=stamp(at),
        )

    def confirmed(
        self, revision: int = 2, start: datetime = NOON, numbers: Sequence[int] = range(1, 9)
    ) -> SeriesConfirmed:
        return SeriesConfirmed(
            series_id=str(self.series_id),
            revision=revision,
            plan_id=str(self.plan_id),
            referral_id=str(self.referral_id),
            patient_id=str(self.patient_id),
            clinic_id=str(self.clinic_id),
            sessions=[
                SessionTime(
                    session_id=self.session_id(number),
                    number=number,
                    start_time=stamp(start + timedelta(days=2 * number)),
                )
                for number in numbers
            ],
            infusion_minutes=40,
            confirm_time=stamp(NOON),
        )

    def released(self, revision: int = 3) -> SeriesReleased:
        return SeriesReleased(
            series_id=str(self.series_id),
            revision=revision,
            plan_id=str(self.plan_id),
            referral_id=str(self.referral_id),
            clinic_id=str(self.clinic_id),
            reason="referral_cancelled",
            release_time=stamp(NOON),
        )

    def rescheduled(
        self, revision: int, times: Mapping[int, datetime], clinic_id: UUID | None = None
    ) -> SeriesRescheduled:
        return SeriesRescheduled(
            series_id=str(self.series_id),
            revision=revision,
            plan_id=str(self.plan_id),
            referral_id=str(self.referral_id),
            clinic_id=str(clinic_id or self.clinic_id),
            sessions=[self.slot(number, start) for number, start in times.items()],
            reason="moved",
            reschedule_time=stamp(NOON),
        )

    def called_off(self, revision: int, number: int) -> BookingCancelled:
        return BookingCancelled(
            series_id=str(self.series_id),
            revision=revision,
            plan_id=str(self.plan_id),
            referral_id=str(self.referral_id),
            clinic_id=str(self.clinic_id),
            session=self.slot(number, NOON),
            cancel_time=stamp(NOON),
        )

    def slot(self, number: int, start: datetime) -> SessionTime:
        session_id = self.session_id(number)
        return SessionTime(session_id=session_id, number=number, start_time=stamp(start))

    def booking(self, revision: int = 2, start: datetime = NOON, count: int = 8) -> domain.Booking:
        course = domain.Course(
            domain.course_id(self.series_id),
            0,
            revision,
            self.series_id,
            self.plan_id,
            self.referral_id,
            self.patient_id,
            self.clinic_id,
            count,
            40,
        )
        slots = tuple(
            domain.Slot(
                domain.session_id(self.series_id, number), number, start + timedelta(days=number)
            )
            for number in range(1, count + 1)
        )
        return domain.Booking(course, slots)

    def order(self, dose: int = 35000, number: int = 1) -> domain.DoseOrder:
        order_id = uuid5(self.plan_id, f"dose/{number}")
        return domain.DoseOrder(self.plan_id, number, order_id, dose, NOON)

    def planned(self, number: int = 1) -> domain.Visit:
        programme, _ = domain.plan(None, self.booking(), NOON)
        return domain.Visit(programme.course, programme.sessions[number - 1])

    def here(self, number: int = 1) -> domain.Visit:
        return domain.arrive(self.planned(number), None, PACK, NOON)[0]

    def evidence(self, **changes: Any) -> domain.Evidence:
        """A gate that lets through."""
        form = domain.Form(1, changes.pop("checklist", checklist()), "nurse one", NOON)
        second = domain.DoubleCheck(form.checklist.dose_part, "nurse two", NOON)
        told: dict[str, Any] = {
            "form": form,
            "double_check": second,
            "overrides": (),
            "readings": (vitals(),),
            "order": self.order(),
            "minutes": 40,
        }
        return domain.Evidence(**told | changes)

    def ready(self, number: int = 1) -> domain.Visit:
        return domain.settle(self.here(number), self.evidence(), NOON)[0]

    def running(self) -> domain.Visit:
        asked = domain.Start(vitals())
        return domain.start(self.ready(), asked, (), self.evidence(), NOON)[0]


def reading(at: datetime, **changes: Any) -> nouns.Vitals:
    return wire.vitals(vitals(at, **changes))


def checklist_request(
    session_id: str, at: datetime, readings: Sequence[nouns.Vitals] = (), **changes: Any
) -> gating.RecordChecklistRequest:
    """Everything as it should be; `changes` reach the checklist."""
    told = wire.told(checklist(at, **changes))
    return gating.RecordChecklistRequest(
        session_id=session_id, checklist=told, readings=readings or [reading(at)]
    )


def confirmation(session_id: str, dose: int = 35000) -> gating.ConfirmDoseRequest:
    told = wire.told(checklist(setting=setting(dose)))
    return gating.ConfirmDoseRequest(
        session_id=session_id, drug=told.drug, programme=told.programme
    )


def start(session_id: str, at: datetime, **changes: Any) -> rpc.StartInfusionRequest:
    return rpc.StartInfusionRequest(session_id=session_id, baseline=reading(at, **changes))


def end(session_id: str, **changes: Any) -> rpc.CompleteInfusionRequest:
    told: dict[str, Any] = {
        "outcome": rpc.COMPLETION_OUTCOME_COMPLETED,
        "adverse_events": ["nausea"],
    }
    return rpc.CompleteInfusionRequest(session_id=session_id, **told | changes)


def going_home(session_id: str, at: datetime, **changes: Any) -> leaving.DischargeSessionRequest:
    told: dict[str, Any] = {
        "aldrete": 10,
        "moaas": 5,
        "nausea": 0,
        "gait_steady": True,
        "oriented": True,
        "escort_present": True,
        "escort_name": "Synthetic Escort",
        "instructions": sorted(PACK.instructions),
    }
    return leaving.DischargeSessionRequest(
        session_id=session_id,
        assessment=gate.DischargeAssessment(**told | changes),
        reading=reading(at),
    )
