"""What the patient was given, as FHIR: the infusion with its lot, and the medicines beside it."""

from collections.abc import Iterator

from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1.observation_pb2 import Observation
from services.infusion.documents.nodes import (
    NDC,
    SNOMED,
    Node,
    concept,
    local,
    moment,
    quantity,
    resource_id,
    subject,
    to,
)
from services.infusion.documents.summary import Summary
from services.infusion.documents.words import plain

_ROUTES = {
    "iv": ("47625008", "Intravenous route"),
    "oral": ("26643006", "Oral route"),
    "sublingual": ("37839007", "Sublingual route"),
    "im": ("78421000", "Intramuscular route"),
    "inhaled": ("447694001", "Respiratory tract route"),
}
_STATUS = {
    nouns.SESSION_STATUS_INFUSING: "in-progress",
    nouns.SESSION_STATUS_PAUSED: "on-hold",
}


def administration_id(summary: Summary) -> str:
    """The infusion's own id, which adverse events point to."""
    return resource_id(summary, "infusion")


def administration(summary: Summary) -> Iterator[Node]:
    """The infusion, once it has started."""
    session = summary.session
    if not session.HasField("start_time"):
        return
    made: Node = {
        "resourceType": "MedicationAdministration",
        "id": administration_id(summary),
        "contained": [_drug(summary)],
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{session.session_id}"}],
        "status": _status(session),
        "medicationReference": {"reference": "#drug"},
        "subject": subject(summary),
        "supportingInformation": [to(session.plan_id)],
        "effectivePeriod": _period(summary),
        "dosage": _dosage(summary),
    }
    if session.stop_reason:
        made["statusReason"] = [local("stop-reason", session.stop_reason)]
    yield made


def others(summary: Summary) -> Iterator[Node]:
    """Antiemetics and rescue drugs."""
    for one in summary.record.observations:
        if one.HasField("medication"):
            yield _other(summary, one)


def _other(summary: Summary, one: Observation) -> Node:
    told = one.medication
    return {
        "resourceType": "MedicationAdministration",
        "id": one.observation_id,
        "status": "completed",
        "medicationCodeableConcept": local("medication", told.code),
        "subject": subject(summary),
        "effectiveDateTime": moment(summary.local(one.occur_time)),
        "dosage": {
            "route": concept(SNOMED, *_ROUTES[told.route]),
            "dose": quantity(plain(told.amount), told.unit),
        },
    }


def _drug(summary: Summary) -> Node:
    made: Node = {
        "resourceType": "Medication",
        "id": "drug",
        "code": {"text": "Ketamine hydrochloride, intravenous infusion"},
    }
    drug = summary.record.checklist.drug
    if drug.ndc:
        made["code"]["coding"] = [{"system": NDC, "code": drug.ndc}]
        made["batch"] = {"lotNumber": drug.lot, "expirationDate": drug.expire_date}
    return made


def _status(session: nouns.Session) -> str:
    if not session.HasField("end_time"):
        return _STATUS.get(session.status, "unknown")
    return "stopped" if session.stop_reason else "completed"


def _period(summary: Summary) -> Node:
    session = summary.session
    made = {"start": moment(summary.local(session.start_time))}
    if session.HasField("end_time"):
        made["end"] = moment(summary.local(session.end_time))
    return made


def _dosage(summary: Summary) -> Node:
    session = summary.session
    made: Node = {"route": concept(SNOMED, *_ROUTES["iv"])}
    if session.given_mg:
        made["dose"] = quantity(plain(session.given_mg), "mg")
        made["text"] = f"{plain(session.given_mg)} mg in {session.running_minutes} minutes"
    if session.intervals:
        made["rateQuantity"] = quantity(plain(session.intervals[0].rate_ml_per_h), "mL/h")
    return made
