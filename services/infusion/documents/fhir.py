"""The summary as a FHIR R4 Bundle: patient, plan, drug, readings, questionnaire, adverse events."""

from collections.abc import Iterator

from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1.summary_service_pb2 import (
    SUMMARY_GENDER_FEMALE,
    SUMMARY_GENDER_MALE,
)
from services.infusion.documents.administrations import administration, administration_id, others
from services.infusion.documents.nodes import (
    LOINC,
    Node,
    bundle,
    concept,
    local,
    moment,
    resource_id,
    subject,
    to,
    written,
)
from services.infusion.documents.readings import observations
from services.infusion.documents.summary import Summary
from services.infusion.documents.words import DONE, LEVELS, status

_GENDER = {SUMMARY_GENDER_FEMALE: "female", SUMMARY_GENDER_MALE: "male"}
_ACTIVITY = {
    nouns.SESSION_STATUS_PLANNED: "scheduled",
    nouns.SESSION_STATUS_CANCELLED: "cancelled",
    nouns.SESSION_STATUS_NO_SHOW: "cancelled",
    nouns.SESSION_STATUS_PAUSED: "on-hold",
}
_PHQ9, _PHQ9_TOTAL, _PHQ9_ITEM9 = "44249-1", "44261-6", "44260-8"


def summary_fhir(summary: Summary) -> bytes:
    """The Bundle, as JSON text."""
    return written(bundle(summary, _resources(summary)))


def _resources(summary: Summary) -> Iterator[Node]:
    yield _patient(summary)
    yield _plan(summary)
    yield from administration(summary)
    yield from others(summary)
    yield from observations(summary)
    yield from _questionnaire(summary)
    yield from _adverse_events(summary)


def _patient(summary: Summary) -> Node:
    made: Node = {"resourceType": "Patient", "id": summary.session.patient_id}
    if told := summary.patient:
        birth = told.birth_date
        made["name"] = [{"family": told.family_name, "given": [told.given_name]}]
        made["birthDate"] = f"{birth.year:04d}-{birth.month:02d}-{birth.day:02d}"
        made["gender"] = _GENDER.get(told.gender, "unknown")
    return made


def _plan(summary: Summary) -> Node:
    """The plan that the session belongs to, and this session as one activity of it."""
    session = summary.session
    activity: Node = {
        "status": _ACTIVITY.get(
            session.status, "completed" if session.status in DONE else "in-progress"
        ),
        "code": {"text": f"Ketamine infusion {session.number} of the series"},
        "scheduledString": moment(summary.local(session.planned_start_time)),
        "description": f"Session {session.session_id}: {status(session)}",
    }
    return {
        "resourceType": "CarePlan",
        "id": session.plan_id,
        "status": "active",
        "intent": "plan",
        "title": "Ketamine infusion series",
        "subject": subject(summary),
        "activity": [{"detail": activity}],
    }


def _questionnaire(summary: Summary) -> Iterator[Node]:
    """PHQ-9 as it was taken before the start: its total, and the item that asks for self-harm."""
    checklist = summary.record.checklist
    if not checklist.HasField("phq9_score"):
        return
    items = [_item(_PHQ9_TOTAL, "PHQ-9 total score", checklist.phq9_score)]
    if checklist.HasField("phq9_item9"):
        items.append(_item(_PHQ9_ITEM9, "Thoughts of self-harm", checklist.phq9_item9))
    yield {
        "resourceType": "QuestionnaireResponse",
        "id": resource_id(summary, "phq9"),
        "questionnaire": f"{LOINC}/q/{_PHQ9}",
        "status": "completed",
        "subject": subject(summary),
        "authored": moment(summary.local(summary.session.arrive_time)),
        "item": items,
    }


def _item(link_id: str, text: str, value: int) -> Node:
    return {"linkId": link_id, "text": text, "answer": [{"valueInteger": value}]}


def _adverse_events(summary: Summary) -> Iterator[Node]:
    noted = {
        one.adverse_event.code: one
        for one in summary.record.observations
        if one.HasField("adverse_event")
    }
    for code in dict.fromkeys((*summary.session.adverse_events, *noted)):
        made: Node = {
            "resourceType": "AdverseEvent",
            "id": resource_id(summary, "adverse_event", code),
            "actuality": "actual",
            "event": local("adverse-event", code),
            "subject": subject(summary),
        }
        if summary.session.HasField("start_time"):
            made["suspectEntity"] = [{"instance": to(administration_id(summary))}]
        if one := noted.get(code):
            level = LEVELS[one.adverse_event.severity]
            severities = "http://terminology.hl7.org/CodeSystem/adverse-event-severity"
            made["date"] = moment(summary.local(one.occur_time))
            made["severity"] = concept(severities, level)
        yield made
