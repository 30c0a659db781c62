"""`halcyon schedule transfer`: a series goes to another clinic."""

from typing import Annotated

import typer
from rich.markup import escape

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.schedule import READERS, clinic_named, series_named
from clients.cli.screen import show
from clients.cli.views import tables
from clients.cli.visits import SeriesId
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from halcyon.scheduling.v1.scheduling_pb2 import Clinic, Series


def transfer(
    series: SeriesId,
    clinic: Annotated[str, typer.Argument(help="Where to: its id, or a part of its name.")],
    data: Data = DEFAULT,
) -> None:
    """Move all sessions to come to another clinic, as far apart as they were."""

    async def asking() -> tuple[Series, Clinic]:
        async with acting(data, *READERS) as desk:
            known, there = await series_named(desk, series), await clinic_named(desk, clinic)
            request = rpc.TransferSeriesRequest(
                series_id=known.series_id, clinic_id=there.clinic_id, revision=known.revision
            )
            return (await desk.scheduling.TransferSeries(request)).series, there

    after, there = run(asking())
    show(f"series {after.series_id} is at {escape(there.name)} now")
    show(tables.series(after, there.time_zone))
