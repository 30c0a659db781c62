"""What others tell, in our words: which facts about a referral we hear, and what each means."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from google.protobuf.message import Message

from chassis.facts import Identity
from chassis.ids import uuid_of
from chassis.moments import instant
from chassis.refusal import Reject
from halcyon.billing.events.v1 import billing_events_pb2 as billing
from halcyon.infusion.events.v1 import infusion_events_pb2 as infusion
from halcyon.intake.events.v1 import intake_events_pb2 as intake
from halcyon.scheduling.events.v1 import scheduling_events_pb2 as scheduling
from halcyon.scheduling.events.v1.scheduling_events_pb2 import ClinicUpdated
from services.referral.domain import Clinic, News, Position, Source, Step

NEWS: Mapping[type[Message], tuple[Step, str]] = {
    intake.IntakeOpened: (Step.ASSESSING, "open_time"),
    intake.AssessmentRecorded: (Step.ASSESSING, "record_time"),
    intake.PlanApproved: (Step.PLANNED, "approve_time"),
    intake.ReferralDeclined: (Step.DECLINED, "decline_time"),
    intake.DoseAdjusted: (Step.NOTED, "adjust_time"),
    intake.SuicideRiskScreened: (Step.NOTED, "screen_time"),
    intake.EligibilityDecided: (Step.NOTED, "decide_time"),
    intake.PlanRevised: (Step.NOTED, "revise_time"),
    intake.PlanPaused: (Step.NOTED, "pause_time"),
    intake.PlanResumed: (Step.NOTED, "resume_time"),
    intake.PlanStopped: (Step.NOTED, "stop_time"),
    scheduling.SeriesHeld: (Step.HELD, "hold_time"),
    scheduling.SeriesWaitlisted: (Step.WAITLISTED, "waitlist_time"),
    scheduling.SeriesConfirmed: (Step.CONFIRMED, "confirm_time"),
    scheduling.SeriesReleased: (Step.RELEASED, "release_time"),
    scheduling.SeriesRescheduled: (Step.NOTED, "reschedule_time"),
    scheduling.BookingMissed: (Step.NOTED, "miss_time"),
    scheduling.BookingCancelled: (Step.NOTED, "cancel_time"),
    billing.EstimateIssued: (Step.ASKED, "issue_time"),
    billing.PaymentRequested: (Step.ASKED, "request_time"),
    billing.PaymentCollected: (Step.PAID, "collect_time"),
    billing.PaymentFailed: (Step.UNPAID, "fail_time"),
    billing.PaymentRefunded: (Step.NOTED, "refund_time"),
    billing.SuperbillIssued: (Step.NOTED, "issue_time"),
    infusion.SessionPlanned: (Step.EXPECTED, "plan_time"),
    infusion.InfusionStarted: (Step.TREATING, "start_time"),
    infusion.InfusionCompleted: (Step.TREATING, "complete_time"),
    infusion.SessionDischarged: (Step.NOTED, "discharge_time"),
    infusion.SessionTransferred: (Step.NOTED, "transfer_time"),
    infusion.SessionMissed: (Step.NOTED, "miss_time"),
    infusion.SessionCancelled: (Step.NOTED, "cancel_time"),
}
"""What each fact means to the referral, and the field that says when it happened."""

Heard: TypeAlias = Any
"""Any of the facts in NEWS: they share a referral_id and a clinic_id, and no base class."""

_SOURCES = {"series_id": Source.SERIES, "invoice_id": Source.INVOICE}


class _Meaning(NamedTuple):
    cause: str
    step: Step
    time: str
    source: Source


_MEANINGS = {
    kind: _Meaning(
        kind.DESCRIPTOR.full_name,
        step,
        time,
        _SOURCES.get(kind.DESCRIPTOR.fields_by_number[1].name, Source.OTHER),
    )
    for kind, (step, time) in NEWS.items()
}


def news(fact: Heard, about: Identity) -> News:
    """The fact as news of its referral."""
    cause, step, time, source = _MEANINGS[type(fact)]
    return News(
        mark=int.from_bytes(about.event_id.bytes[:8], "big", signed=True),
        referral_id=referral_id(fact),
        cause=cause,
        step=_refined(fact, step),
        source=source,
        revision=about.revision,
        time=instant(getattr(fact, time)),
        detail=_detail(fact),
    )


def referral_id(fact: Heard) -> UUID:
    """The referral it is about."""
    return _id(fact.referral_id)


def clinic_id(fact: Heard) -> UUID:
    """The clinic where it happened."""
    return _id(fact.clinic_id)


def step(fact: Heard) -> Step:
    """What the fact means, without reading the rest of it."""
    return _refined(fact, _MEANINGS[type(fact)].step)


def clinic(fact: ClinicUpdated) -> Clinic:
    """The clinic as our directory keeps it."""
    return Clinic(
        clinic_id=clinic_id(fact),
        revision=fact.revision,
        position=Position(fact.latitude, fact.longitude),
        categories=tuple([code[:3] for code in fact.indications]),
        series_capacity=fact.series_capacity,
        open_series=0,
    )


def _detail(fact: Heard) -> str:
    """Codes and moments only: partners read it."""
    match fact:
        case intake.ReferralDeclined():
            return str(fact.reason)
        case scheduling.SeriesConfirmed() if fact.sessions:
            return str(fact.sessions[0].start_time.ToJsonString())
        case infusion.SessionMissed():
            return str(fact.planned_start_time.ToJsonString())
    return ""


def _refined(fact: Heard, step: Step) -> Step:
    """The last infusion ends the treatment; times given back on our own word are no trouble."""
    if step is Step.TREATING and type(fact) is infusion.InfusionCompleted:
        return Step.TREATED if fact.number == fact.session_count else step
    if step is Step.RELEASED and fact.reason == "referral_cancelled":
        return Step.GIVEN_BACK
    return step


def _id(text: str) -> UUID:
    try:
        return uuid_of(text)
    except ValueError:
        raise Reject("id") from None
