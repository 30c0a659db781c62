"""`halcyon schedule close, reopen`: a nurse is ill, a pump fails, a storm closes the clinic."""

from datetime import datetime
from typing import Annotated
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.repair import Id
from clients.cli.schedule import READERS, clinic_named
from clients.cli.screen import show
from clients.cli.views import repairs
from clients.network import NetworkFailed
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from halcyon.scheduling.v1.scheduling_pb2 import Clinic, ClosureReason, Repair

_REASONS = [name.removeprefix("CLOSURE_REASON_").lower() for name in ClosureReason.keys()[1:]]
Wall = typer.Argument(formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d"], help="On the clinic's wall clock.")


def close(
    clinic: Annotated[str, typer.Argument(help="The clinic's id, or a part of its name.")],
    start: Annotated[datetime, Wall],
    end: Annotated[datetime, Wall],
    resource: Annotated[str, typer.Option(help="Such as 'Nurse 2'; else the whole clinic.")] = "",
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(_REASONS)}.")] = "other",
    data: Data = DEFAULT,
) -> None:
    """Close a clinic, or one thing of it, and propose other times; nothing moves until `accept`."""
    if reason not in _REASONS:
        raise NetworkFailed(f"no such reason: {reason}; there are {', '.join(_REASONS)}")

    async def asking() -> tuple[Repair, str]:
        async with acting(data, *READERS) as coordinator:
            here = await clinic_named(coordinator, clinic)
            request = rpc.CloseResourceRequest(
                clinic_id=here.clinic_id,
                resource_id=_resource(here, resource),
                reason=ClosureReason.Value(f"CLOSURE_REASON_{reason.upper()}"),
                request_id=str(uuid4()),
            )
            zone = ZoneInfo(here.time_zone)
            request.start_time.FromDatetime(start.replace(tzinfo=zone))
            request.end_time.FromDatetime(end.replace(tzinfo=zone))
            closed = await coordinator.scheduling.CloseResource(request)
            return closed.repair, here.time_zone

    show(repairs.repair(*run(asking())))


def reopen(repair_id: Id, data: Data = DEFAULT) -> None:
    """End a closure now; sessions stay where they are, and new ones may come."""

    async def asking() -> None:
        async with acting(data, *READERS) as coordinator:
            request = rpc.ReopenResourceRequest(closure_id=repair_id)
            await coordinator.scheduling.ReopenResource(request)

    run(asking())
    show("open again")


def _resource(clinic: Clinic, label: str) -> str:
    """Its id; nothing for the whole clinic."""
    labels = {one.label.lower(): one.resource_id for one in clinic.resources}
    if label and label.lower() not in labels:
        known = ", ".join(one.label for one in clinic.resources)
        raise NetworkFailed(f"no such resource: {label}; there are {known}")
    return labels[label.lower()] if label else ""
