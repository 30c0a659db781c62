"""The operator's words and the chassis's own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from chassis import flows, reconciling, replaying, traceparent
from chassis.comparing import Comparison
from chassis.flows import Standing
from chassis.operated import Operation
from chassis.parking import Parked
from chassis.pauses import Pause
from chassis.steps import Name, Step
from halcyon.operations.v1 import flow_calls_pb2 as calls
from halcyon.operations.v1 import flow_pb2 as said
from halcyon.operations.v1 import operations_service_pb2 as rpc
from halcyon.operations.v1 import stream_calls_pb2 as streams

_KINDS = {"fact": said.STEP_KIND_FACT, "deadline": said.STEP_KIND_DEADLINE}
_KINDS["errand"] = said.STEP_KIND_ERRAND
_STEPS = {value: name for name, value in _KINDS.items()}


def parked(one: Parked) -> rpc.ParkedFact:
    """Without its content."""
    cause = traceparent.parse(one.headers.get("traceparent", ""))
    return rpc.ParkedFact(
        event_id=str(one.event_id),
        subject=one.subject,
        stream_sequence=one.stream_seq,
        error_class=one.error_class,
        attempts=one.attempts,
        park_time=_timestamp(one.parked_at),
        replay_time=_timestamp(one.replayed_at),
        trace_id=format(cause.trace_id, "032x") if cause else "",
        referral_id=_text(one.flow_id),
    )


def parked_wanted(asked: calls.ParkedFilter) -> replaying.Wanted:
    """Which parked facts are meant."""
    since = _moment(asked.since_time) if asked.HasField("since_time") else None
    return replaying.Wanted(asked.subject, asked.error_class, _uuid(asked.referral_id), since)


def replay_from(asked: calls.ReplayParkedFactsRequest) -> replaying.Position:
    """Where a replay goes on."""
    return replaying.Position(asked.after_sequence, _uuid(asked.after_event_id) or UUID(int=0))


def replayed(outcome: replaying.Outcome) -> calls.ReplayParkedFactsResponse:
    """How far a replay came."""
    return calls.ReplayParkedFactsResponse(
        replayed_count=outcome.replayed,
        failed_count=outcome.failed,
        blocked_count=outcome.blocked,
        next_sequence=outcome.next.stream_seq if outcome.next else 0,
        next_event_id=str(outcome.next.event_id) if outcome.next else "",
    )


def flows_wanted(asked: calls.ListFlowsRequest) -> flows.Wanted:
    """Which flows are meant."""
    return flows.Wanted(
        asked.state,
        _uuid(asked.clinic_id),
        _span(asked, "min_age"),
        _span(asked, "overdue_by"),
    )


def flow(one: Standing) -> said.Flow:
    """How a flow stands here."""
    clinic, since = _text(one.clinic_id), _timestamp(one.since)
    state = one.state.lower()
    return said.Flow(referral_id=str(one.flow_id), clinic_id=clinic, state=state, since_time=since)


def stated(row: Any) -> said.StatedFact:
    """A row of the outbox."""
    cause = traceparent.parse(row["traceparent"] or "")
    return said.StatedFact(
        event_id=str(row["event_id"]),
        subject=row["subject"],
        entity_id=str(row["entity_id"]),
        revision=row["revision"],
        record_time=_timestamp(row["recorded_at"]),
        publish_time=_timestamp(row["published_at"]),
        trace_id=format(cause.trace_id, "032x") if cause else "",
    )


def handled(event_id: UUID, at: datetime) -> said.HandledFact:
    """A row of the inbox."""
    return said.HandledFact(event_id=str(event_id), handle_time=_timestamp(at))


def step(one: Step) -> said.Step:
    """A step that is owed."""
    return said.Step(
        name=said.StepName(kind=_KINDS[one.name.kind], name=one.name.name, id=str(one.name.id)),
        state=said.StepState.Value(f"STEP_STATE_{one.state.name}"),
        attempts=one.attempts,
        error_class=one.error_class,
        step_time=_timestamp(one.at),
        held_by=one.held_by,
    )


def step_name(asked: said.StepName) -> Name:
    """The step that is meant."""
    return Name(_STEPS[asked.kind], asked.name, UUID(asked.id))


def pause(one: Pause) -> said.PauseState:
    """A pause as it stands."""
    kind = said.PauseKind.Value(f"PAUSE_KIND_{one.kind.upper()}")
    return said.PauseState(
        name=said.PauseName(kind=kind, name=one.name),
        actor=one.actor,
        reason=one.reason,
        pause_time=_timestamp(one.paused_at),
        resume_time=_timestamp(one.resumed_at),
        held_count=one.held,
    )


def pause_name(asked: said.PauseName) -> tuple[str, str]:
    """Kind and name; an id is written in one way only."""
    kind = said.PauseKind.Name(asked.kind).removeprefix("PAUSE_KIND_").lower()
    if kind in ("flow", "clinic"):
        known = _uuid(asked.name)
        return kind, str(known) if known else ""
    return kind, asked.name


def operation(one: Operation) -> said.Operation:
    """One act of an operator."""
    return said.Operation(
        operation_id=str(one.operation_id),
        operate_time=_timestamp(one.operated_at),
        actor=one.actor,
        action=one.action,
        target=one.target,
        reason=one.reason,
    )


def stream(one: reconciling.Standing, compared: Comparison | None) -> streams.CheckStreamResponse:
    """How the stream stands, and what it lacks."""
    missing = compared.missing if compared else frozenset()
    phantom = compared.phantom if compared else frozenset()
    return streams.CheckStreamResponse(
        state=streams.StreamState.Value(f"STREAM_STATE_{one.state.name}"),
        missing_count=len(missing),
        phantom_count=len(phantom),
        last_sequence=one.last_seq,
        ack_floor_sequence=one.ack_floor,
        event_ids=sorted(map(str, missing | phantom))[:20],
    )


def _span(asked: calls.ListFlowsRequest, field: str) -> timedelta | None:
    if not asked.HasField(field):  # type: ignore[arg-type]
        return None
    found: timedelta = getattr(asked, field).ToTimedelta()
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _text(identity: UUID | None) -> str:
    return str(identity) if identity else ""


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
