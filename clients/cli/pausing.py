"""`halcyon flow pause|resume|pauses`: a person holds back what must not go on."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from clients.cli.operating import Clinic, Why, of_every
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

Flow = Annotated[str | None, typer.Option("--flow", help="A referral's id.")]
Fact = Annotated[str | None, typer.Option("--fact", help="A fact's full name.")]
Consumer = Annotated[
    str | None, typer.Option("--consumer", help="A service: all it hears; or partner-NAME.")
]


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

    found = of_every(data, held)
    show(views.pauses(found) if found else "nothing is paused")


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
