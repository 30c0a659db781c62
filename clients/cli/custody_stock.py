"""`halcyon custody`: what is there, what should be there, and what became of a difference."""

from typing import Annotated

import typer

from clients import custody
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import cabinet
from halcyon.infusion.v1 import custody_counts_pb2 as counts
from halcyon.infusion.v1 import custody_service_pb2 as lookups
from halcyon.infusion.v1.custody_pb2 import (
    INCIDENT_RESOLUTION_LOSS_REPORTED,
    INCIDENT_RESOLUTION_RECONCILED,
    Incident,
)

READERS = ("pharmacist", "nurse")
Dea = Annotated[str, typer.Argument(help="DEA number of the registration.")]
Found = Annotated[list[str] | None, typer.Argument(help="CONTAINER=MILLIGRAMS, as found.")]


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others of the group."""
    for command in (stock, count, resolve, balance, inventory, due):
        app.command()(command)
    app.command("show")(show_container)


def stock(dea_number: Dea, data: Data = DEFAULT) -> None:
    """The containers of a registration that hold something."""

    async def reading() -> lookups.GetBalanceResponse:
        async with acting(data, *READERS) as reader:
            return await custody.balance(reader, dea_number)

    found = [one.container for one in run(reading()).containers]
    show(cabinet.containers(one for one in found if one.balance.milligrams != "0"))


def count(
    dea_number: Dea,
    found: Found = None,
    inventory: Annotated[bool, typer.Option(help="All the stock: the biennial inventory.")] = False,
    opening: Annotated[bool, typer.Option(help="Before the day's first movement.")] = False,
    data: Data = DEFAULT,
) -> None:
    """Compare what is there with the book; a difference opens an incident."""
    scope = counts.COUNT_SCOPE_INVENTORY if inventory else counts.COUNT_SCOPE_SPOT
    moment = counts.COUNT_MOMENT_OPENING if opening else counts.COUNT_MOMENT_CLOSE
    told = dict(_pair(one) for one in found or ())

    async def counting() -> counts.CountContainersResponse:
        async with acting(data, "nurse") as nurse:
            return await custody.count(nurse, dea_number, told, scope, moment)

    said = run(counting())
    show(f"count {said.count_id}: {said.agreed_count} of {len(told)} agree with the book")
    if said.incidents:
        show(cabinet.incidents(said.incidents))


def resolve(
    incident_id: Annotated[str, typer.Argument(help="The incident.")],
    loss: Annotated[str, typer.Option(help="Number of the reported loss (DEA Form 106).")] = "",
    data: Data = DEFAULT,
) -> None:
    """Close an incident: a recount agrees, or the loss was reported."""
    resolution = INCIDENT_RESOLUTION_LOSS_REPORTED if loss else INCIDENT_RESOLUTION_RECONCILED

    async def resolving() -> Incident:
        async with acting(data, "pharmacist") as pharmacist:
            return await custody.resolve(pharmacist, incident_id, resolution, loss)

    show(cabinet.incidents([run(resolving())]))


def balance(dea_number: Dea, data: Data = DEFAULT) -> None:
    """What came and went under a registration, container by container and in total."""

    async def reading() -> lookups.GetBalanceResponse:
        async with acting(data, *READERS) as reader:
            return await custody.balance(reader, dea_number)

    show(cabinet.balance(dea_number, run(reading())))


def inventory(dea_number: Dea, data: Data = DEFAULT) -> None:
    """The newest inventory of a registration, as an inspector reads it."""

    async def reading() -> lookups.GetInventoryResponse:
        async with acting(data, "pharmacist") as reader:
            request = lookups.GetInventoryRequest(dea_number=dea_number)
            return await reader.custody.GetInventory(request)

    show(cabinet.inventory(run(reading())))


def due(data: Data = DEFAULT) -> None:
    """By when each registered place must take its next inventory."""

    async def reading() -> list[counts.InventoryDeadline]:
        async with acting(data, *READERS) as reader:
            return await custody.deadlines(reader)

    show(cabinet.deadlines(run(reading())))


def show_container(
    container_id: Annotated[str, typer.Argument(help="The container's id.")], data: Data = DEFAULT
) -> None:
    """One container with all its entries."""

    async def reading() -> lookups.GetContainerResponse:
        async with acting(data, *READERS) as reader:
            request = lookups.GetContainerRequest(container_id=container_id)
            return await reader.custody.GetContainer(request)

    found = run(reading())
    show(cabinet.containers([found.container]), cabinet.entries(found.entries))


def _pair(told: str) -> tuple[str, str]:
    container_id, sign, milligrams = told.partition("=")
    if not sign:
        raise typer.BadParameter(f"{told} is not CONTAINER=MILLIGRAMS")
    return container_id, milligrams
