"""Closures and repairs, as callers ask for them and see them."""

from uuid import UUID

from chassis.refusal import Invalid, Violation
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain
from services.scheduling.wire.stamps import moment, stamp


def closure(request: rpc.CloseResourceRequest) -> domain.Closure:
    """What is away when; the request's id becomes the closure's."""
    return domain.Closure(
        closure_id=UUID(request.request_id),
        clinic_id=UUID(request.clinic_id),
        resource_id=UUID(request.resource_id) if request.resource_id else None,
        start=moment(request.start_time),
        end=moment(request.end_time),
        reason=nouns.ClosureReason.Name(request.reason).removeprefix("CLOSURE_REASON_").lower(),
    )


def series_named(request: rpc.AcceptRepairRequest) -> frozenset[UUID]:
    """The series whose steps are accepted."""
    return frozenset(map(UUID, request.series_ids))


def steps_wanted(request: rpc.SubmitRepairRequest) -> tuple[domain.Wanted, ...]:
    """The times somebody proposes; a session is named once."""
    found = {
        (UUID(one.series_id), one.number): domain.Wanted(
            UUID(one.series_id), one.number, moment(one.start_time)
        )
        for one in request.steps
    }
    if len(found) < len(request.steps):
        violation = Violation("steps", "must name each session once")
        raise Invalid("INVALID_REQUEST", "A session is named twice.", (violation,))
    return tuple(found.values())


def repair_reply(proposal: domain.Proposal) -> nouns.Repair:
    """A repair as callers see it."""
    closure, span = proposal.closure, proposal.span
    reason = f"CLOSURE_REASON_{closure.reason.upper() if closure else 'UNSPECIFIED'}"
    return nouns.Repair(
        closure_id=str(proposal.repair_id),
        clinic_id=str(proposal.clinic_id),
        resource_id=str(closure.resource_id) if closure and closure.resource_id else "",
        start_time=stamp(span[0]) if span else None,
        end_time=stamp(span[1]) if span else None,
        reason=nouns.ClosureReason.Value(reason),
        steps=[_step(one) for one in proposal.steps],
        origin=nouns.RepairOrigin.Value(f"REPAIR_ORIGIN_{proposal.origin.upper()}"),
    )


def _step(step: domain.Step) -> nouns.RepairStep:
    return nouns.RepairStep(
        series_id=str(step.series_id),
        number=step.number,
        revision=step.revision,
        old_start_time=stamp(step.old),
        new_start_time=stamp(step.new) if step.new else None,
        status=nouns.RepairStepStatus.Value(f"REPAIR_STEP_STATUS_{step.status.upper()}"),
        rules=step.rules,
    )
