"""Closures and repairs, as callers ask for them and see them."""

from collections.abc import Iterable
from uuid import UUID

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


def repair_reply(closure: domain.Closure, steps: Iterable[domain.Step]) -> nouns.Repair:
    """A closure and its repair."""
    return nouns.Repair(
        closure_id=str(closure.closure_id),
        clinic_id=str(closure.clinic_id),
        resource_id=str(closure.resource_id) if closure.resource_id else "",
        start_time=stamp(closure.start),
        end_time=stamp(closure.end),
        reason=nouns.ClosureReason.Value(f"CLOSURE_REASON_{closure.reason.upper()}"),
        steps=[_step(one) for one in steps],
    )


def _step(step: domain.Step) -> nouns.RepairStep:
    return nouns.RepairStep(
        series_id=str(step.series_id),
        number=step.number,
        revision=step.revision,
        old_start_time=stamp(step.old),
        new_start_time=stamp(step.new) if step.new else None,
        status=nouns.RepairStepStatus.Value(f"REPAIR_STEP_STATUS_{step.status.upper()}"),
    )
