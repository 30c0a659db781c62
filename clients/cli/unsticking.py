"""`halcyon flow list|retry|skip|pause|resume|pauses|log`: a person unsticks a flow."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from clients import flows
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import unsticking as views
from clients.network import NetworkFailed
from clients.sdk import FailedPrecondition, NotFound
from halcyon.operations.v1 import flow_calls_pb2 as calls
from halcyon.operations.v1 import flow_pb2 as said

if TYPE_CHECKING:
    from halcyon.operations.v1.operations_service_pb2_grpc import (
        OperationsServiceAsyncStub as Service,
    )

Told = TypeVar("Told")
Referral = Annotated[str, typer.Argument(help="The referral's id.")]
Why = Annotated[str, typer.Option("--reason", help="Why: an incident number, no patient's name.")]
Named = Annotated[str | None, typer.Option("--step", help="The step, as `flow show` names it.")]
Flow = Annotated[str | None, typer.Option("--flow", help="A referral's id.")]
Fact = Annotated[str | None, typer.Option("--fact", help="A fact's full name.")]
Clinic = Annotated[str | None, typer.Option("--clinic", help="A clinic's id.")]
Consumer = Annotated[
    str | None, typer.Option("--consumer", help="A service: all it hears; or partner-NAME.")
]
Span = Annotated[str | None, typer.Option(help="Such as 90s, 15m, 2h or 3d.")]
_SKIPPED = {
    calls.SKIP_OUTCOME_SKIPPED: "counts as taken",
    calls.SKIP_OUTCOME_PROPOSED: "stands until another person asks for the same, within a day",
}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


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

    found = _of_every(data, listed, None if overdue_by else (service,))
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


def pause(
    reason: Why,
    flow: Flow = None,
    fact: Fact = None,
    clinic: Clinic = None,
    consumer: Consumer = None,
    data: Data = DEFAULT,
) -> None:
    """Hold back one flow, one kind of fact, one clinic, or all that one service hears."""
    request = calls.PauseRequest(pause=_named(flow, fact, clinic, consumer), reason=reason)
    done = _everywhere(data, request.pause, lambda service: service.Pause(request))
    show(f"{request.pause.name} is paused in {done}")


def resume(
    reason: Why,
    flow: Flow = None,
    fact: Fact = None,
    clinic: Clinic = None,
    consumer: Consumer = None,
    data: Data = DEFAULT,
) -> None:
    """End a pause; what was held is handled first, in its order."""
    request = calls.ResumeRequest(pause=_named(flow, fact, clinic, consumer), reason=reason)
    done = _everywhere(data, request.pause, lambda service: service.Resume(request))
    show(f"{request.pause.name} goes on in {done}")


def list_pauses(data: Data = DEFAULT) -> None:
    """List what is held back, by whom and why."""

    async def held(service: "Service") -> Iterable[said.PauseState]:
        return (await service.ListPauses(calls.ListPausesRequest())).pauses

    found = _of_every(data, held)
    show(views.pauses(found) if found else "nothing is paused")


def log(data: Data = DEFAULT) -> None:
    """What operators did lately in every service, newest first."""

    async def done(service: "Service") -> Iterable[said.Operation]:
        return (await service.ListOperations(calls.ListOperationsRequest(page_size=50))).operations

    found = sorted(_of_every(data, done), key=lambda pair: -pair[1].operate_time.ToNanoseconds())
    show(views.operations(found[:50]) if found else "nobody did anything")


def span(text: str) -> timedelta:
    """A length of time in one unit."""
    unit = _UNITS.get(text[-1:])
    if unit is None or not text[:-1].isdigit():
        raise NetworkFailed(f"{text} is no length of time: say 90s, 15m, 2h or 3d")
    return timedelta(**{unit: int(text[:-1])})


def _of_every(
    data: Path,
    ask: "Callable[[Service], Awaitable[Iterable[Told]]]",
    services: Iterable[str] | None = None,
) -> list[tuple[str, Told]]:
    """What each service tells, or each of those named, with the service's name."""

    async def asking() -> list[tuple[str, Told]]:
        async with acting(data, "operator") as operator:
            return [
                (name, one)
                for name in services or operator.services
                for one in await ask(operator.operations(name))
            ]

    return run(asking())


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


def _named(
    flow: str | None, fact: str | None, clinic: str | None, consumer: str | None
) -> said.PauseName:
    kinds = {
        said.PAUSE_KIND_FLOW: flow,
        said.PAUSE_KIND_FACT: fact,
        said.PAUSE_KIND_CLINIC: clinic,
        said.PAUSE_KIND_CONSUMER: consumer,
    }
    given = [(kind, name) for kind, name in kinds.items() if name]
    if len(given) != 1:
        raise NetworkFailed("say one of --flow, --fact, --clinic and --consumer")
    kind, name = given[0]
    if kind in (said.PAUSE_KIND_FLOW, said.PAUSE_KIND_CLINIC):
        try:
            name = str(UUID(name))
        except ValueError:
            raise NetworkFailed(f"{name} is no id") from None
    return said.PauseName(kind=kind, name=name)


def _everywhere(
    data: Path, name: said.PauseName, do: "Callable[[Service], Awaitable[object]]"
) -> str:
    """In each service that it concerns; an error when it concerns none."""

    async def doing() -> Sequence[str]:
        done: list[str] = []
        async with acting(data, "operator") as operator:
            for service in operator.services:
                try:
                    await do(operator.operations(service))
                except (FailedPrecondition, NotFound) as refusal:
                    if refusal.reason not in ("NOTHING_TO_PAUSE", "PAUSE_NOT_FOUND"):
                        raise
                else:
                    done.append(service)
        return done

    done = run(doing())
    if not done:
        raise NetworkFailed(f"no service has anything to do with {name.name}")
    return ", ".join(done)
