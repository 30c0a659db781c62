"""`halcyon parked`: facts that a service could not handle, listed, shown and replayed."""

from typing import Annotated

import typer

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import tables
from clients.network import NetworkFailed
from clients.sdk import Halcyon, NotFound
from halcyon.operations.v1 import operations_service_pb2 as rpc
from halcyon.operations.v1.operations_service_pb2 import ParkedFact

app = typer.Typer(help="See and replay facts that could not be handled.", no_args_is_help=True)

Service = Annotated[str | None, typer.Option("--service", help="One service; all when left out.")]
Event = Annotated[str, typer.Argument(help="The event's id.")]


@app.command("list")
def list_parked(service: Service = None, data: Data = DEFAULT) -> None:
    """List the facts that wait for a person, oldest first."""

    async def listing() -> list[tuple[str, ParkedFact]]:
        async with acting(data, "operator") as operator:
            return [
                (name, fact)
                for name in _chosen(operator, service)
                for fact in await _all(operator, name)
            ]

    found = run(listing())
    show(tables.parked(found) if found else "nothing is parked")


@app.command("show")
def show_parked(event_id: Event, service: Service = None, data: Data = DEFAULT) -> None:
    """Show one parked fact, without its content."""

    async def showing() -> tuple[str, ParkedFact]:
        async with acting(data, "operator") as operator:
            return await _find(operator, event_id, service)

    name, fact = run(showing())
    shown = tables.table(f"Parked in {name}", "what", "value")
    for field, value in fact.ListFields():
        told = value.ToJsonString() if field.message_type else str(value)
        shown.add_row(field.name.replace("_", " "), told)
    show(shown)


@app.command()
def replay(event_id: Event, service: Service = None, data: Data = DEFAULT) -> None:
    """Handle one parked fact again; replaying what was replayed changes nothing."""

    async def replaying() -> str:
        async with acting(data, "operator") as operator:
            name, _ = await _find(operator, event_id, service)
            request = rpc.ReplayParkedFactRequest(event_id=event_id)
            await operator.operations(name).ReplayParkedFact(request)
            return name

    show(f"{run(replaying())} has handled {event_id}")


def _chosen(operator: Halcyon, service: str | None) -> tuple[str, ...]:
    if service is None:
        return operator.services
    if service not in operator.services:
        raise NetworkFailed(f"no such service: {service}; there are {', '.join(operator.services)}")
    return (service,)


async def _all(operator: Halcyon, service: str) -> list[ParkedFact]:
    facts: list[ParkedFact] = []
    request = rpc.ListParkedFactsRequest()
    while True:
        page = await operator.operations(service).ListParkedFacts(request)
        facts += page.facts
        if not page.next_page_token:
            return facts
        request.page_token = page.next_page_token


async def _find(operator: Halcyon, event_id: str, service: str | None) -> tuple[str, ParkedFact]:
    """A fact may be parked in more than one service; the first one that has it answers."""
    missing: NotFound | None = None
    for name in _chosen(operator, service):
        try:
            request = rpc.GetParkedFactRequest(event_id=event_id)
            return name, (await operator.operations(name).GetParkedFact(request)).fact
        except NotFound as fault:
            missing = fault
    raise missing or NetworkFailed("no service is known")
