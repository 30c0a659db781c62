"""`halcyon schedule use`: how much of a clinic's rooms, pumps and people was taken."""

from typing import Annotated

import typer
from google.type.date_pb2 import Date

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.schedule import READERS, clinic_named, day_named
from clients.cli.screen import show
from clients.cli.views import use as views
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from halcyon.scheduling.v1.scheduling_pb2 import Clinic, Utilisation


def use(
    clinic: Annotated[str, typer.Argument(help="The clinic's id, or a part of its name.")],
    when: Annotated[str, typer.Argument(metavar="DATE", help="The first day, or today.")],
    days: Annotated[int, typer.Option(min=1, max=92, help="So many days.")] = 1,
    data: Data = DEFAULT,
) -> None:
    """Show how much of a clinic's rooms, pumps and people is taken on some days."""
    first = day_named(when)

    async def asking() -> tuple[Clinic, list[Utilisation]]:
        async with acting(data, *READERS) as desk:
            here = await clinic_named(desk, clinic)
            request = rpc.GetUtilisationRequest(
                clinic_id=here.clinic_id,
                first_day=Date(year=first.year, month=first.month, day=first.day),
                days=days,
            )
            return here, list((await desk.scheduling.GetUtilisation(request)).kinds)

    here, kinds = run(asking())
    show(views.use(here, kinds, first, days))
