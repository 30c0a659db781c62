"""Named test data: a clinic, a plan, and the facts about them."""

from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng

from halcyon.billing.events.v1.billing_events_pb2 import (
    PaymentCollected,
    PaymentFailed,
    SessionsGivenUp,
)
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.intake.events.v1.intake_events_pb2 import (
    PlanApproved,
    PlanRevised,
    PlanStopped,
)
from halcyon.referral.events.v1.referral_events_pb2 import ReferralCancelled
from halcyon.scheduling.v1 import scheduling_pb2 as rpc
from services.scheduling.domain import Clinic, Hours, Kind, Plan, Resource, series_id

SUNDAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
WEEKDAYS = tuple(Hours(weekday, 480, 1080) for weekday in range(1, 6))
TAPER = (3, 2, 1, 1, 1)


def resources(clinic_id: UUID, rooms: int, pumps: int, nurses: int) -> tuple[Resource, ...]:
    counts = {Kind.ROOM: rooms, Kind.PUMP: pumps, Kind.NURSE: nurses}
    return tuple(
        Resource(uuid5(clinic_id, f"{kind}/{n}"), kind, f"{kind.value} {n:03}")
        for kind, count in counts.items()
        for n in range(1, count + 1)
    )


def clinic(
    rooms: int = 2,
    pumps: int = 2,
    nurses: int = 2,
    *,
    clinic_id: UUID | None = None,
    hours: tuple[Hours, ...] = WEEKDAYS,
    zone: str = "America/Denver",
) -> Clinic:
    clinic_id = clinic_id or uuid4()
    return Clinic(
        clinic_id=clinic_id,
        revision=1,
        name="Example Clinic",
        time_zone=zone,
        latitude=39.7,
        longitude=-105.0,
        indications=("F33",),
        hours=hours,
        resources=resources(clinic_id, rooms, pumps, nurses),
        hold_seconds=3600,
        series_capacity=100,
    )


def hours_message(hours: tuple[Hours, ...]) -> list[rpc.OpeningHours]:
    return [
        rpc.OpeningHours(
            weekday=one.weekday, open_minute=one.open_minute, close_minute=one.close_minute
        )
        for one in hours
    ]


def clinic_message(clinic: Clinic) -> rpc.Clinic:
    return rpc.Clinic(
        clinic_id=str(clinic.clinic_id),
        name=clinic.name,
        time_zone=clinic.time_zone,
        position=LatLng(latitude=clinic.latitude, longitude=clinic.longitude),
        indications=clinic.indications,
        opening_hours=hours_message(clinic.hours),
        holidays=[Date(year=one.year, month=one.month, day=one.day) for one in clinic.holidays],
        resources=[
            rpc.Resource(
                resource_id=str(one.resource_id),
                kind=rpc.ResourceKind.Value(f"RESOURCE_KIND_{one.kind.name}"),
                label=one.label,
                patients=one.patients,
                skills=one.skills,
                shifts=hours_message(one.shifts),
            )
            for one in clinic.resources
        ],
        hold_seconds=clinic.hold_seconds,
        series_capacity=clinic.series_capacity,
    )


def plan(clinic_id: UUID, weeks: tuple[int, ...] = TAPER, gap: int = 48, minutes: int = 45) -> Plan:
    return Plan(uuid4(), uuid4(), uuid4(), clinic_id, "F33.2", weeks, gap, minutes, 45)


def plan_approved(plan: Plan) -> PlanApproved:
    return PlanApproved(
        intake_id=str(uuid4()),
        revision=1,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        patient_id=str(plan.patient_id),
        clinic_id=str(plan.clinic_id),
        indication_code=plan.indication_code,
        sessions_per_week=plan.weeks,
        min_gap_hours=plan.min_gap_hours,
        infusion_minutes=plan.infusion_minutes,
        recovery_minutes=plan.recovery_minutes,
    )


def plan_revised(
    plan: Plan, version: int = 2, minutes: int = 45, kap: str = "without"
) -> PlanRevised:
    return PlanRevised(
        intake_id=str(uuid4()),
        revision=version + 2,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        clinic_id=str(plan.clinic_id),
        plan_version=version,
        infusion_minutes=minutes,
        kap=kap,
    )


def plan_stopped(plan: Plan, revision: int = 5) -> PlanStopped:
    return PlanStopped(
        intake_id=str(uuid4()),
        revision=revision,
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        clinic_id=str(plan.clinic_id),
    )


def payment_collected(plan: Plan, payment_id: UUID | None = None) -> PaymentCollected:
    return PaymentCollected(
        invoice_id=str(uuid4()),
        revision=3,
        payment_id=str(payment_id or uuid4()),
        series_id=str(series_id(plan.plan_id)),
        referral_id=str(plan.referral_id),
        clinic_id=str(plan.clinic_id),
    )


def payment_failed(plan: Plan, at: datetime) -> PaymentFailed:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return PaymentFailed(
        invoice_id=str(uuid4()),
        revision=3,
        payment_id=str(uuid4()),
        series_id=str(series_id(plan.plan_id)),
        referral_id=str(plan.referral_id),
        clinic_id=str(plan.clinic_id),
        reason="card_declined",
        fail_time=stamp,
    )


def sessions_given_up(plan: Plan, kept: int, revision: int = 4) -> SessionsGivenUp:
    return SessionsGivenUp(
        invoice_id=str(uuid4()),
        revision=revision,
        series_id=str(series_id(plan.plan_id)),
        referral_id=str(plan.referral_id),
        clinic_id=str(plan.clinic_id),
        given_up_count=1,
        kept_count=kept,
    )


def referral_cancelled(plan: Plan) -> ReferralCancelled:
    return ReferralCancelled(
        referral_id=str(plan.referral_id),
        revision=5,
        clinic_id=str(plan.clinic_id),
        reason="patient_declined",
    )


def infusion_completed(plan: Plan, number: int) -> InfusionCompleted:
    series = series_id(plan.plan_id)
    return InfusionCompleted(
        session_id=str(uuid5(series, f"session/{number}")),
        revision=2,
        number=number,
        session_count=sum(plan.weeks),
        series_id=str(series),
        plan_id=str(plan.plan_id),
        referral_id=str(plan.referral_id),
        clinic_id=str(plan.clinic_id),
        outcome="completed",
    )
