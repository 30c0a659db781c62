"""Vital signs, ratings and the way home, as FHIR Observations."""

from collections.abc import Iterator

from halcyon.infusion.v1 import infusion_pb2 as nouns
from services.infusion.documents.nodes import (
    CATEGORY,
    LOINC,
    Node,
    concept,
    local,
    moment,
    quantity,
    resource_id,
    subject,
)
from services.infusion.documents.summary import Summary

_SYSTOLIC = "8480-6", "Systolic blood pressure"
_DIASTOLIC = "8462-4", "Diastolic blood pressure"
_PRESSURE = "85354-9", "Blood pressure panel"
_SINGLES = {
    "oxygen_saturation": ("59408-5", "Oxygen saturation by pulse oximetry", "%", "%"),
    "heart_rate": ("8867-4", "Heart rate", "/min", "/min"),
    "respiratory_rate": ("9279-1", "Respiratory rate", "/min", "/min"),
}


def observations(summary: Summary) -> Iterator[Node]:
    """Every reading shown, every rating, and how the patient was when going home."""
    for reading in summary.readings():
        yield from _vital_signs(summary, reading)
    for one in summary.record.observations:
        if one.HasField("scale"):
            made = _rating(summary, one.scale.code, one.scale.score, one.observation_id)
            yield made | {"effectiveDateTime": moment(summary.local(one.occur_time))}
    if summary.record.HasField("discharge"):
        found = summary.record.discharge
        for code in ("aldrete", "moaas"):
            one_id = resource_id(summary, "discharge", code)
            made = _rating(summary, code, getattr(found, code), one_id)
            yield made | {"effectiveDateTime": moment(summary.local(summary.session.leave_time))}


def _vital_signs(summary: Summary, reading: nouns.Vitals) -> Iterator[Node]:
    when = summary.local(reading.measure_time)
    taken = {"effectiveDateTime": moment(when)}
    if reading.HasField("systolic") and reading.HasField("diastolic"):
        components = [
            _component(_SYSTOLIC, reading.systolic),
            _component(_DIASTOLIC, reading.diastolic),
        ]
        one_id = resource_id(summary, "pressure", when)
        yield (
            _observation(summary, one_id, concept(LOINC, *_PRESSURE))
            | taken
            | {"component": components}
        )
    for name, (code, text, unit, ucum) in _SINGLES.items():
        if value := getattr(reading, name):
            one_id = resource_id(summary, name, when)
            measured = {"valueQuantity": quantity(str(value), unit, ucum)}
            yield _observation(summary, one_id, concept(LOINC, code, text)) | taken | measured
    if reading.HasField("moaas"):
        yield _rating(summary, "moaas", reading.moaas, resource_id(summary, "moaas", when)) | taken


def _component(code: tuple[str, str], value: int) -> Node:
    return {
        "code": concept(LOINC, *code),
        "valueQuantity": quantity(str(value), "mmHg", "mm[Hg]"),
    }


def _observation(summary: Summary, one_id: str, code: Node) -> Node:
    return {
        "resourceType": "Observation",
        "id": one_id,
        "status": "final",
        "category": [concept(CATEGORY, "vital-signs", "Vital Signs")],
        "code": code,
        "subject": subject(summary),
    }


def _rating(summary: Summary, code: str, score: int, one_id: str) -> Node:
    made = _observation(summary, one_id, local("scale", code))
    made["category"] = [concept(CATEGORY, "survey", "Survey")]
    return made | {"valueInteger": score}
