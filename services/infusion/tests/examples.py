"""Named test data: synthetic series, plans, checklists and readings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.intake.events.v1.intake_events_pb2 import DoseAdjusted, PlanApproved
from halcyon.scheduling.events.v1.scheduling_events_pb2 import (
    SeriesConfirmed,
    SeriesReleased,
    SessionTime,
)
from services.infusion import domain, packs

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOSTON = UUID("0b000000-0000-4000-8000-000000000001")
CHICAGO = UUID("0c000000-0000-4000-8000-000000000002")
PACK = packs.current()
CHECKED = domain.Checklist(True, True, True, True)


def stamp(moment: datetime) -> Timestamp:
    said = Timestamp()
    said.FromDatetime(moment)
    return said


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


def vitals(at: datetime = NOON, **changes: Any) -> domain.Vitals:
    told: dict[str, Any] = {
        "oxygen_saturation": 98,
        "heart_rate": 72,
        "systolic": 122,
        "diastolic": 78,
        "moaas": 5,
    }
    return domain.Vitals(at, **told | changes)


def reading(at: datetime, **changes: Any) -> nouns.Vitals:
    told: dict[str, Any] = {
        "oxygen_saturation": 98,
        "heart_rate": 72,
        "systolic": 122,
        "diastolic": 78,
        "moaas": 5,
    }
    return nouns.Vitals(measure_time=stamp(at), **told | changes)


def start(session_id: str, at: datetime, **changes: Any) -> rpc.StartInfusionRequest:
    """Everything as it should be; `changes` reach the baseline and the checklist."""
    checklist: dict[str, Any] = {
        "identity_checked_twice": True,
        "consent_current": True,
        "escort_confirmed": True,
        "fasting_kept": True,
    }
    checklist |= {name: changes.pop(name) for name in list(changes) if name in checklist}
    return rpc.StartInfusionRequest(
        session_id=session_id,
        checklist=nouns.StartChecklist(**checklist),
        baseline=reading(at, **changes),
        phq9_score=18,
    )


def end(session_id: str, **changes: Any) -> rpc.CompleteInfusionRequest:
    told: dict[str, Any] = {
        "outcome": rpc.COMPLETION_OUTCOME_COMPLETED,
        "running_minutes": 40,
        "adverse_events": ["nausea"],
    }
    return rpc.CompleteInfusionRequest(session_id=session_id, **told | changes)
