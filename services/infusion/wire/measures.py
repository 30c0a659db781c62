"""Readings and alerts, ours and everyone's."""

from collections.abc import Iterable, Sequence

from chassis.refusal import Invalid
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import monitoring_pb2 as monitoring
from services.infusion import domain
from services.infusion.wire.values import moment, stamp


def readings(told: Iterable[nouns.Vitals]) -> Sequence[tuple[str, domain.Vitals]]:
    """Readings, each with its place in the request."""
    places = ((f"readings[{index}]", one) for index, one in enumerate(told))
    return [(place, reading(place, one)) for place, one in places]


def reading(place: str, told: nouns.Vitals) -> domain.Vitals:
    """One reading."""
    try:
        measured = moment(f"{place}.measure_time", told.measure_time)
    except Invalid as fault:
        message = "A reading cannot be of this infusion."
        raise Invalid("INVALID_VITALS", message, fault.violations) from None
    has = told.HasField
    return domain.Vitals(
        measured,
        told.oxygen_saturation,
        told.heart_rate,
        told.systolic if has("systolic") else None,
        told.diastolic if has("diastolic") else None,
        told.moaas if has("moaas") else None,
        told.respiratory_rate if has("respiratory_rate") else None,
        told.rass if has("rass") else None,
        told.quality == nouns.READING_QUALITY_ARTEFACT,
    )


def vitals(reading: domain.Vitals) -> nouns.Vitals:
    """A reading in everyone's words."""
    said = nouns.Vitals(
        measure_time=stamp(reading.measure_time),
        oxygen_saturation=reading.oxygen_saturation,
        heart_rate=reading.heart_rate,
        systolic=reading.systolic,
        diastolic=reading.diastolic,
        moaas=reading.moaas,
        respiratory_rate=reading.respiratory_rate,
        rass=reading.rass,
    )
    if reading.artefact:
        said.quality = nouns.READING_QUALITY_ARTEFACT
    return said


def alert(known: domain.Alert) -> monitoring.Alert:
    """An alert in everyone's words."""
    said = monitoring.Alert(
        alert_id=str(known.alert_id),
        session_id=str(known.session_id),
        rule_id=known.rule_id,
        level=monitoring.AlertLevel.Value(f"ALERT_LEVEL_{known.level.name}"),
        parameter=known.parameter,
        raise_time=stamp(known.raise_time),
        acknowledged_by=known.acknowledged_by,
        acknowledged_by_prescriber=known.by_prescriber,
    )
    if known.clear_time:
        said.clear_time.CopyFrom(stamp(known.clear_time))
    if known.acknowledge_time:
        said.acknowledge_time.CopyFrom(stamp(known.acknowledge_time))
    return said
