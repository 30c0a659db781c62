"""Named test data: synthetic patients, what other services say of them, what a specialist finds."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.intake.v1 import assessment_pb2 as details
from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import intake_service_pb2 as rpc
from halcyon.referral.events.v1.referral_events_pb2 import (
    ReferralCancelled,
    ReferralRouted,
    ReferralSupplemented,
)
from services.intake import domain, packs

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOSTON = UUID("0b000000-0000-4000-8000-000000000001")
CHICAGO = UUID("0c000000-0000-4000-8000-000000000002")
ICD_10 = "http://hl7.org/fhir/sid/icd-10-cm"
SECRET = "Brother Tom moved to Albany in spring."
PACK = packs.current()


def stamp(moment: datetime) -> Timestamp:
    said = Timestamp()
    said.FromDatetime(moment)
    return said


def need(**changes: Any) -> domain.Need:
    """A woman of 41 with depression and nothing against treatment."""
    told: dict[str, Any] = {
        "referral_id": uuid4(),
        "clinic_id": BOSTON,
        "patient_id": uuid4(),
        "indication_code": "F33.2",
        "age_years": 41,
        "sex_at_birth": "female",
        "weight_grams": 70000,
        "height_millimetres": 1650,
        "phq9_score": 18,
        "psychiatric_history": (f"{ICD_10}|F41.1",),
        "physical_history": (f"{ICD_10}|I10",),
        "medications": ("halcyon|ssri",),
        "allergies": ("halcyon|penicillin",),
    }
    return domain.Need(**told | changes)


def found(**changes: Any) -> domain.Assessment:
    """The same woman as the specialist sees her; `changes` reach the block that has the field."""
    present = {"phq9_score": 20, "phq9_item9": 0, "note": SECRET}
    vitals = {"systolic": 124, "diastolic": 78}
    physical: dict[str, Any] = {
        "weight_grams": 70000,
        "height_millimetres": 1650,
        "weight_date": NOON.date(),
        "height_date": NOON.date(),
        "pregnancy": domain.Pregnancy.TEST_NEGATIVE,
    }
    psychiatric = {
        "failed_trials": 3,
        "conditions": domain.Section(changes.pop("psychiatric_codes", ())),
    }
    physical["conditions"] = domain.Section(changes.pop("physical_codes", ()))
    around = {"escort_available": True}
    physical["vitals"] = domain.Vitals(**_changed(vitals, changes, domain.Vitals))
    blocks = (
        domain.PresentState(**_changed(present, changes, domain.PresentState)),
        domain.PsychiatricHistory(**_changed(psychiatric, changes, domain.PsychiatricHistory)),
        domain.PhysicalState(**_changed(physical, changes, domain.PhysicalState)),
        domain.Circumstances(**_changed(around, changes, domain.Circumstances)),
    )
    assert not changes
    return domain.Assessment(*blocks, "dr-smith")


def _changed(usual: dict[str, Any], changes: dict[str, Any], block: Any) -> dict[str, Any]:
    """The usual fields with the changes that belong to this block, taken out of `changes`."""
    mine = {one.name for one in dataclasses.fields(block)} & changes.keys()
    return usual | {name: changes.pop(name) for name in mine}


def policy(
    approval: domain.Approval = domain.Approval.SPECIALIST, schedule: str = "taper_3_2_1_1_1"
) -> domain.Policy:
    return domain.Policy(BOSTON, approval, schedule, PACK)


STANDING = policy(domain.Approval.STANDING_ORDER)


def response(plan_id: UUID, referral_id: UUID, number: int = 2, **changes: Any) -> domain.Response:
    """An infusion without trouble and without effect."""
    told: dict[str, Any] = {
        "referral_id": referral_id,
        "plan_id": plan_id,
        "session_id": uuid5(plan_id, f"session/{number}"),
        "number": number,
        "begin_time": NOON + timedelta(days=number),
        "stopped_early": False,
        "peak_systolic": 140,
        "peak_diastolic": 85,
        "lowest_oxygen_saturation": 97,
        "lowest_moaas": 5,
        "given_micrograms": 35000,
        "adverse_events": ("nausea",),
        "phq9_score": 18,
    }
    return domain.Response(**told | changes)


def remembered(past: domain.Record, events: Sequence[domain.Event]) -> domain.Record:
    """The past with what a decision has kept."""
    sessions = tuple(one.given for one in events if isinstance(one, domain.SessionGiven))
    scores = tuple(one.score for one in events if isinstance(one, domain.ScoreTaken))
    return domain.Record((*past.sessions, *sessions), (*past.scores, *scores))


def routed(**changes: Any) -> ReferralRouted:
    told: dict[str, Any] = {
        "referral_id": str(uuid4()),
        "revision": 2,
        "patient_id": str(uuid4()),
        "clinic_id": str(BOSTON),
        "indication_code": "F33.2",
        "age_years": 41,
        "sex_at_birth": "female",
        "weight_grams": 70000,
        "height_millimetres": 1650,
        "phq9_score": 18,
        "psychiatric_history": [f"{ICD_10}|F41.1"],
        "physical_history": [f"{ICD_10}|I10"],
        "medications": ["halcyon|ssri"],
        "allergies": ["halcyon|penicillin"],
        "priority": "routine",
        "route_time": stamp(NOON),
    }
    return ReferralRouted(**told | changes)


def supplemented(routed: ReferralRouted, revision: int = 3, **changes: Any) -> ReferralSupplemented:
    given: dict[str, Any] = {
        "referral_id": routed.referral_id,
        "revision": revision,
        "clinic_id": routed.clinic_id,
        "weight_grams": routed.weight_grams,
        "height_millimetres": routed.height_millimetres,
    }
    return ReferralSupplemented(**(given | changes))


def cancelled(routed: ReferralRouted, **changes: Any) -> ReferralCancelled:
    told: dict[str, Any] = {
        "referral_id": routed.referral_id,
        "revision": 3,
        "clinic_id": routed.clinic_id,
        "reason": "patient_declined",
        "cancel_time": stamp(NOON),
    }
    return ReferralCancelled(**told | changes)


def completed(routed: ReferralRouted, number: int, **changes: Any) -> InfusionCompleted:
    """An infusion of the plan that came of a referral, without trouble and without effect."""
    plan_id = domain.plan_id(intake_id(routed))
    told: dict[str, Any] = {
        "session_id": str(uuid5(plan_id, f"session/{number}")),
        "revision": 2,
        "number": number,
        "session_count": 8,
        "series_id": str(uuid5(plan_id, "series")),
        "plan_id": str(plan_id),
        "referral_id": routed.referral_id,
        "patient_id": routed.patient_id,
        "clinic_id": routed.clinic_id,
        "outcome": "completed",
        "dose_order_id": str(domain.dose_order_id(plan_id, 1)),
        "given_micrograms": 35000,
        "running_minutes": 40,
        "peak_systolic": 140,
        "peak_diastolic": 85,
        "lowest_oxygen_saturation": 97,
        "lowest_moaas": 5,
        "adverse_events": ["nausea"],
        "phq9_score": 18,
        "complete_time": stamp(datetime.now(UTC) + timedelta(days=number)),
    }
    return InfusionCompleted(**told | changes)


def intake_id(routed: ReferralRouted) -> UUID:
    return domain.intake_id(UUID(routed.referral_id))


def assessment(**changes: Any) -> nouns.Assessment:
    """What the specialist records; `changes` reach the message that has the field."""
    codes, none = changes.pop("codes", []), nouns.History(asked=True)
    today = datetime.now(UTC).date().isoformat()
    said = nouns.Assessment(
        present_state=nouns.PresentState(
            phq9_score=20, phq9_item9=0, note=SECRET, findings=nouns.History(asked=True)
        ),
        psychiatric_history=nouns.History(asked=True, note=SECRET, codes=codes),
        physical_state=nouns.PhysicalState(
            history=nouns.History(asked=True, note=SECRET),
            weight_grams=70000,
            height_millimetres=1650,
            systolic=124,
            diastolic=78,
            medications=details.Medications(asked=True),
            allergies=none,
            weight_date=today,
            height_date=today,
            pregnancy=details.PREGNANCY_TEST_NEGATIVE,
        ),
        circumstances=nouns.Circumstances(
            escort_available=True, note=SECRET, family=none, relations=none, work=none
        ),
        treatment_history=details.TreatmentHistory(
            failed_trials=3, earlier_course=details.EARLIER_COURSE_NONE
        ),
    )
    for name, value in changes.items():
        (block,) = [one for _, one in said.ListFields() if name in one.DESCRIPTOR.fields_by_name]
        block.MergeFrom(type(block)(**{name: value}))
    return said


def standing_order(clinic_id: UUID = BOSTON) -> rpc.UpdateClinicPolicyRequest:
    policy = nouns.ClinicPolicy(
        clinic_id=str(clinic_id),
        approval=nouns.APPROVAL_STANDING_ORDER,
        schedule="six_in_three_weeks",
    )
    return rpc.UpdateClinicPolicyRequest(policy=policy)
