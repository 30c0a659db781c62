"""`halcyon flow list|retry|skip|log`: a person unsticks a flow."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clients import flows
from clients.cli.operating import Clinic, Why, of_every, span
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import unsticking as views
from clients.network import NetworkFailed
from halcyon.operations.v1 import flow_calls_pb2 as calls
from halcyon.operations.v1 import flow_pb2 as said

if TYPE_CHECKING:
    from halcyon.operations.v1.operations_service_pb2_grpc import (
        OperationsServiceAsyncStub as Service,
    )

Referral = Annotated[str, typer.Argument(help="The referral's id.")]
Named = Annotated[str | None, typer.Option("--step", help="The step, as `flow show` names it.")]
Span = Annotated[str | None, typer.Option(help="Such as 90s, 15m, 2h or 3d.")]
_SKIPPED = {
    calls.SKIP_OUTCOME_SKIPPED: "counts as taken",
    calls.SKIP_OUTCOME_PROPOSED: "stands until another person asks for the same, within a day",
}


def list_flows(
    state: Annotated[str, typer.Option(help="In this state.")] = "",
    clinic: Clinic = None,
    older_than: Span = None,
    overdue_by: Span = None,
    service: Annotated[str, typer.Option(help="Whose states are meant.")] = "referral",
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
    data: Data = DEFAULT,
) -> None:
    """List flows that are not over, those longest in their state first."""
    request = calls.ListFlowsRequest(state=state, clinic_id=clinic or "", page_size=min(limit, 200))
    if older_than:
        request.min_age.FromTimedelta(span(older_than))
    if overdue_by:
        request.overdue_by.FromTimedelta(span(overdue_by))

    async def listed(service: "Service") -> Iterable[said.Flow]:
        return (await service.ListFlows(request)).flows

    found = of_every(data, listed, None if overdue_by else (service,))
    show(views.flows(found) if found else "there is no such flow")


def retry(referral_id: Referral, reason: Why, step: Named = None, data: Data = DEFAULT) -> None:
    """Have a step taken again now: the one that is stuck, or the one named."""

    async def trying(service: "Service", name: said.StepName) -> str:
        await service.RetryStep(calls.RetryStepRequest(step=name, reason=reason))
        return "is tried again"

    show(_act(data, referral_id, step, trying))


def skip(referral_id: Referral, reason: Why, step: Named = None, data: Data = DEFAULT) -> None:
    """Count a step as taken without taking it: what it would have done is yours to do."""

    async def skipping(service: "Service", name: said.StepName) -> str:
        done = await service.SkipStep(calls.SkipStepRequest(step=name, reason=reason))
        return _SKIPPED[done.outcome]

    show(_act(data, referral_id, step, skipping))


def log(data: Data = DEFAULT) -> None:
    """What operators did lately in every service, newest first."""

    async def done(service: "Service") -> Iterable[said.Operation]:
        return (await service.ListOperations(calls.ListOperationsRequest(page_size=50))).operations

    found = sorted(of_every(data, done), key=lambda pair: -pair[1].operate_time.ToNanoseconds())
    show(views.operations(found[:50]) if found else "nobody did anything")


def _act(
    data: Path,
    referral_id: str,
    step: str | None,
    act: "Callable[[Service, said.StepName], Awaitable[str]]",
) -> str:
    """Do it to the step named, or to the only one that is stuck; says what became of which."""

    async def acted() -> str:
        async with acting(data, "operator") as operator:
            known = await flows.picture(operator, referral_id)
            service, name = _chosen(known, step)
            done = await act(operator.operations(service), name)
            return f"{views.step_name(service, name)} {done}"

    return run(acted())


def _chosen(known: flows.Picture, step: str | None) -> tuple[str, said.StepName]:
    if step is None:
        found = flows.stuck(known)
        if len(found) != 1:
            names = [views.step_name(service, one.name) for service, one in found]
            said_so = f"choose one with --step: {', '.join(names)}" if names else "nothing is stuck"
            raise NetworkFailed(said_so)
        return found[0][0], found[0][1].name
    for service, one in known.steps:
        if views.step_name(service, one.name) == step:
            return service, one.name
    raise NetworkFailed(f"this flow has no step {step}")
