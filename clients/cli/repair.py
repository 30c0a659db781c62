"""`halcyon schedule optimise, repair, accept, maintain`: better days, as a person accepts them."""

from typing import Annotated
from uuid import uuid4

import typer
from google.type.date_pb2 import Date

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.schedule import READERS, clinic_called, day_named
from clients.cli.screen import complain, show
from clients.cli.views import repairs
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from halcyon.scheduling.v1.scheduling_pb2 import Clinic, Repair, Series

Id = Annotated[str, typer.Argument(help="The repair's id.")]


def optimise(
    clinic: Annotated[str, typer.Argument(help="The clinic's id, or a part of its name.")],
    when: Annotated[str, typer.Argument(metavar="DATE", help="The first day, after today.")],
    days: Annotated[int, typer.Option(min=1, max=7, help="So many days.")] = 1,
    most_moves: Annotated[int, typer.Option(min=0, help="Move no more; 0 for any.")] = 0,
    data: Data = DEFAULT,
) -> None:
    """Let CP-SAT propose a better day or week; nothing moves until `accept`."""
    first = day_named(when)

    async def asking() -> tuple[Clinic, rpc.OptimiseDaysResponse] | None:
        async with acting(data, *READERS) as coordinator:
            if not (found := await clinic_called(coordinator, clinic)):
                return None
            request = rpc.OptimiseDaysRequest(
                clinic_id=found.clinic_id,
                first_day=Date(year=first.year, month=first.month, day=first.day),
                days=days,
                most_moves=most_moves,
                request_id=str(uuid4()),
            )
            return found, await coordinator.scheduling.OptimiseDays(request)

    if not (told := run(asking())):
        complain(f"no clinic is called {clinic}")
        raise typer.Exit(1)
    here, answer = told
    show(repairs.repair(answer.repair, here.time_zone))
    now, then = answer.open_minutes_now, answer.open_minutes_then
    show(f"in use for {now} minutes as it is, {then} when all of it is accepted")


def repair(repair_id: Id, data: Data = DEFAULT) -> None:
    """Show what a repair proposes."""
    show(repairs.repair(*run(_repair(data, rpc.GetRepairRequest(closure_id=repair_id)))))


def repairs_at(
    clinic: Annotated[str, typer.Argument(help="The clinic's id, or a part of its name.")],
    data: Data = DEFAULT,
) -> None:
    """List the repairs of a clinic that wait for somebody's word."""

    async def asking() -> tuple[list[Repair], Clinic] | None:
        async with acting(data, *READERS) as coordinator:
            if not (here := await clinic_called(coordinator, clinic)):
                return None
            found, token = list[Repair](), ""
            while True:
                request = rpc.ListRepairsRequest(clinic_id=here.clinic_id, page_token=token)
                page = await coordinator.scheduling.ListRepairs(request)
                found += page.repairs
                if not (token := page.next_page_token):
                    return found, here

    if not (told := run(asking())):
        complain(f"no clinic is called {clinic}")
        raise typer.Exit(1)
    show(repairs.open_repairs(*told))


def accept(
    repair_id: Id,
    series: Annotated[
        list[str] | None, typer.Option(help="Only the steps of this series; may be repeated.")
    ] = None,
    data: Data = DEFAULT,
) -> None:
    """Carry out a repair, whole or for some series."""
    request = rpc.AcceptRepairRequest(closure_id=repair_id, series_ids=series or [])
    show(repairs.repair(*run(_repair(data, request))))


def maintain(
    series_id: Annotated[str, typer.Argument(help="The series that has ended.")],
    every: Annotated[int, typer.Option(min=0, max=180, help="Days; 0 as planned.")] = 0,
    data: Data = DEFAULT,
) -> None:
    """Hold the first round of maintenance; the next follow by its rule."""

    async def asking() -> Series:
        async with acting(data, *READERS) as coordinator:
            request = rpc.BeginMaintenanceRequest(series_id=series_id, every_days=every)
            return (await coordinator.scheduling.BeginMaintenance(request)).series

    held = run(asking())
    show(f"{held.series_id} {' '.join(held.rule.split())}")


async def _repair(
    data: Data, request: rpc.GetRepairRequest | rpc.AcceptRepairRequest
) -> tuple[Repair, str]:
    async with acting(data, *READERS) as coordinator:
        scheduling = coordinator.scheduling
        told: rpc.GetRepairResponse | rpc.AcceptRepairResponse
        if isinstance(request, rpc.AcceptRepairRequest):
            told = await scheduling.AcceptRepair(request)
        else:
            told = await scheduling.GetRepair(request)
        where = rpc.GetClinicRequest(clinic_id=told.repair.clinic_id)
        clinic = (await scheduling.GetClinic(where)).clinic
        return told.repair, clinic.time_zone
