"""What callers ask, in our words."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from google.protobuf.json_format import MessageToJson, Parse

from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1 import monitoring_calls_pb2 as monitoring
from halcyon.infusion.v1 import observation_pb2 as noted
from halcyon.infusion.v1 import pump_calls_pb2 as pumping
from services.infusion import domain
from services.infusion.wire.measures import reading
from services.infusion.wire.values import amount, maybe_moment, stamp

_KINDS = {
    "adverse_event": domain.Kind.ADVERSE_EVENT,
    "medication": domain.Kind.MEDICATION,
    "scale": domain.Kind.SCALE,
    "companion": domain.Kind.COMPANION,
    "setting": domain.Kind.SETTING,
    "session_note": domain.Kind.NOTE,
    "experience": domain.Kind.EXPERIENCE,
}


def start(request: rpc.StartInfusionRequest) -> domain.Start:
    """What is told when an infusion is to start."""
    return domain.Start(reading("baseline", request.baseline), maybe_moment("start_time", request))


def end(request: rpc.CompleteInfusionRequest) -> domain.End:
    """What is told when an infusion ended."""
    return domain.End(
        request.outcome == rpc.COMPLETION_OUTCOME_STOPPED_EARLY,
        request.stop_reason,
        amount("delivered_ml", request.delivered_ml) if request.delivered_ml else None,
        request.given_micrograms,
        tuple(request.adverse_events),
        maybe_moment("end_time", request),
    )


def answer(request: gating.OverrideGateRequest, prescriber: str) -> domain.Answer:
    """What a prescriber answers for."""
    items = tuple(request.items)
    return domain.Answer(items, request.reason_code, request.rationale, prescriber)


def resumed(
    request: pumping.ResumeInfusionRequest,
) -> tuple[Decimal | None, datetime | None]:
    """At which rate the pump runs again, if another one, and since when."""
    told = request.rate_ml_per_h
    rate = amount("rate_ml_per_h", told, above=0) if told else None
    return rate, maybe_moment("resume_time", request)


def rate(request: pumping.ChangeRateRequest) -> Decimal:
    """The new rate."""
    return amount("rate_ml_per_h", request.rate_ml_per_h, above=0)


def observation(
    request: monitoring.RecordObservationRequest, who: str, now: datetime
) -> domain.Observation:
    """What is noted, as it is kept: everyone's words."""
    session_id = UUID(request.session_id)
    about = request.observation.WhichOneof("about") or ""
    part = getattr(request.observation, about)
    code = getattr(part, "code", "")
    kept = noted.Observation()
    getattr(kept, about).CopyFrom(part)
    return domain.Observation(
        domain.observation_id(session_id, UUID(request.request_id)),
        session_id,
        _KINDS[about],
        code,
        MessageToJson(kept, indent=None),
        who,
        now,
    )


def observed(known: domain.Observation) -> noted.Observation:
    """An observation in everyone's words."""
    said = Parse(known.content, noted.Observation())
    said.observation_id = str(known.observation_id)
    said.recorded_by = known.recorded_by
    said.occur_time.CopyFrom(stamp(known.occur_time))
    return said


def status(request: rpc.ListSessionsRequest) -> domain.Status | None:
    """The status asked for; None for any."""
    if not request.status:
        return None
    name = nouns.SessionStatus.Name(request.status)
    return domain.Status(name.removeprefix("SESSION_STATUS_").lower())
