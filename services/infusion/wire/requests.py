"""What callers ask, in our words."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from chassis.refusal import Invalid, Violation
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from services.infusion import domain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CENTURIES = range(0, 253_402_300_800)
"""Seconds from 1970 to the end of the year 9999, which a calendar can say."""


def start(request: rpc.StartInfusionRequest) -> domain.Start:
    """What is told when an infusion is to start."""
    told = request.checklist
    checklist = domain.Checklist(
        told.identity_checked_twice,
        told.consent_current,
        told.escort_confirmed,
        told.fasting_kept,
    )
    score = request.phq9_score if request.HasField("phq9_score") else None
    return domain.Start(checklist, _vitals("baseline", request.baseline), score)


def readings(told: Iterable[nouns.Vitals]) -> Sequence[tuple[str, domain.Vitals]]:
    """Readings, each with its place in the request."""
    places = ((f"readings[{index}]", one) for index, one in enumerate(told))
    return [(place, _vitals(place, one)) for place, one in places]


def end(request: rpc.CompleteInfusionRequest) -> domain.End:
    """What is told when an infusion ended."""
    return domain.End(
        request.outcome == rpc.COMPLETION_OUTCOME_STOPPED_EARLY,
        request.given_micrograms,
        request.running_minutes,
        tuple(request.adverse_events),
    )


def status(request: rpc.ListSessionsRequest) -> domain.Status | None:
    """The status asked for; None for any."""
    if not request.status:
        return None
    name = nouns.SessionStatus.Name(request.status)
    return domain.Status(name.removeprefix("SESSION_STATUS_").lower())


def _vitals(place: str, told: nouns.Vitals) -> domain.Vitals:
    return domain.Vitals(
        _moment(place, told),
        told.oxygen_saturation,
        told.heart_rate,
        told.systolic if told.HasField("systolic") else None,
        told.diastolic if told.HasField("diastolic") else None,
        told.moaas if told.HasField("moaas") else None,
    )


def _moment(place: str, told: nouns.Vitals) -> datetime:
    said = told.measure_time
    if said.seconds not in _CENTURIES or not 0 <= said.nanos < 1_000_000_000:
        fault = Violation(f"{place}.measure_time", "must be a moment since 1970")
        raise Invalid("INVALID_VITALS", "A reading cannot be of this infusion.", (fault,))
    return _EPOCH + timedelta(seconds=said.seconds, microseconds=said.nanos // 1000)
