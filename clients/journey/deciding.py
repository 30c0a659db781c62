"""The specialist's part: assess, and sign the plan."""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.json_format import Parse

from clients.journey.readings import CALM
from clients.sdk import Halcyon
from halcyon.intake.v1 import assessment_pb2 as asked
from halcyon.intake.v1 import intake_pb2 as intake
from halcyon.intake.v1 import intake_service_pb2 as deciding
from halcyon.intake.v1 import plan_pb2 as planning


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
