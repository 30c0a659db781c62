"""An assessment in everyone's words and in ours."""

from collections.abc import Iterable
from datetime import date

from chassis.refusal import Invalid, Violation
from halcyon.intake.v1 import assessment_pb2 as details
from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1.scale_pb2 import ItemAnswer
from services.intake import domain
from services.intake.wire.words import micro, milli

_PATH = "assessment.physical_state"


def assessment(said: nouns.Assessment, who: str) -> domain.Assessment:
    """The specialist's findings."""
    state, around = said.present_state, said.circumstances
    return domain.Assessment(
        domain.PresentState(
            state.phq9_score,
            state.phq9_item9,
            _section(state.findings),
            tuple(_answered(one) for one in state.scales),
            state.note,
        ),
        _psychiatric(said.psychiatric_history, said.treatment_history),
        _physical(said.physical_state),
        domain.Circumstances(
            around.escort_available,
            _section(around.family),
            _section(around.relations),
            _section(around.work),
            around.note,
        ),
        who,
    )


def assessment_reply(found: domain.Assessment) -> nouns.Assessment:
    """The findings as they were told."""
    present, around = found.present, found.circumstances
    return nouns.Assessment(
        present_state=nouns.PresentState(
            phq9_score=present.phq9_score,
            phq9_item9=present.phq9_item9,
            findings=_history(present.findings),
            scales=[_answers(one) for one in present.scales],
            note=present.note,
        ),
        psychiatric_history=_history(found.psychiatric.conditions),
        treatment_history=_treatment(found.psychiatric),
        physical_state=_physical_reply(found.physical),
        circumstances=nouns.Circumstances(
            escort_available=around.escort_available,
            family=_history(around.family),
            relations=_history(around.relations),
            work=_history(around.work),
            note=around.note,
        ),
    )


def _section(said: nouns.History) -> domain.Section:
    return domain.Section(tuple(said.codes), said.note)


def _history(section: domain.Section) -> nouns.History:
    return nouns.History(codes=section.codes, asked=True, note=section.note)


def _answered(said: details.AnsweredScale) -> domain.Answered:
    return domain.Answered(said.scale, tuple((one.item, one.value) for one in said.answers))


def _answers(one: domain.Answered) -> details.AnsweredScale:
    answers = [ItemAnswer(item=item, value=value) for item, value in one.answers]
    return details.AnsweredScale(scale=one.scale, answers=answers)


def _psychiatric(
    said: nouns.History, treatment: details.TreatmentHistory
) -> domain.PsychiatricHistory:
    name = details.EarlierCourse.Name(treatment.earlier_course).removeprefix("EARLIER_COURSE_")
    dose = micro(treatment.earlier_dose) if treatment.earlier_dose else None
    trials = treatment.failed_trials if treatment.HasField("failed_trials") else None
    return domain.PsychiatricHistory(
        _section(said), trials, domain.Earlier(domain.EarlierOutcome[name], dose)
    )


def _treatment(found: domain.PsychiatricHistory) -> details.TreatmentHistory:
    earlier = found.earlier
    return details.TreatmentHistory(
        failed_trials=found.failed_trials,
        earlier_course=details.EarlierCourse.Value(f"EARLIER_COURSE_{earlier.outcome.name}"),
        earlier_dose=milli(earlier.micrograms_per_kg) if earlier.micrograms_per_kg else "",
    )


def _physical(said: nouns.PhysicalState) -> domain.PhysicalState:
    return domain.PhysicalState(
        said.weight_grams,
        said.height_millimetres,
        _day("weight_date", said.weight_date),
        _day("height_date", said.height_date),
        domain.Vitals(
            said.systolic,
            said.diastolic,
            said.heart_rate if said.HasField("heart_rate") else None,
            said.oxygen_saturation if said.HasField("oxygen_saturation") else None,
            said.respiratory_rate if said.HasField("respiratory_rate") else None,
        ),
        _section(said.history),
        tuple(_medications(said.medications.items)),
        _section(said.allergies),
        domain.Pregnancy[details.Pregnancy.Name(said.pregnancy).removeprefix("PREGNANCY_")],
    )


def _medications(said: Iterable[details.Medication]) -> Iterable[domain.Medication]:
    for drug in said:
        dose = micro(drug.dose) if drug.dose else None
        yield domain.Medication(drug.code, dose, drug.times_a_day)


def _physical_reply(found: domain.PhysicalState) -> nouns.PhysicalState:
    vitals = found.vitals
    return nouns.PhysicalState(
        history=_history(found.conditions),
        weight_grams=found.weight_grams,
        height_millimetres=found.height_millimetres,
        systolic=vitals.systolic,
        diastolic=vitals.diastolic,
        medications=details.Medications(items=map(_medication, found.medications), asked=True),
        allergies=_history(found.allergies),
        heart_rate=vitals.heart_rate,
        oxygen_saturation=vitals.oxygen_saturation,
        respiratory_rate=vitals.respiratory_rate,
        weight_date=found.weight_date.isoformat(),
        height_date=found.height_date.isoformat(),
        pregnancy=details.Pregnancy.Value(f"PREGNANCY_{found.pregnancy.name}"),
    )


def _medication(drug: domain.Medication) -> details.Medication:
    dose = milli(drug.micrograms) if drug.micrograms is not None else ""
    return details.Medication(code=drug.code, dose=dose, times_a_day=drug.times_a_day)


def _day(name: str, said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        fault = Violation(f"{_PATH}.{name}", "must be a day of the calendar")
        raise Invalid("INVALID_ASSESSMENT", "There is no such day.", (fault,)) from None
