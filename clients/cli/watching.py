"""`halcyon schedule watch`: a clinic's day as it changes."""

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Annotated

import typer
from google.type.date_pb2 import Date
from grpc.aio import AioRpcError
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.schedule import READERS, clinic_named, day_named, schedules_of
from clients.cli.screen import console, show
from clients.cli.views import board
from clients.sdk.errors import typed
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc


def watch(
    clinic: Annotated[str, typer.Argument(help="The clinic's id, or a part of its name.")],
    when: Annotated[str, typer.Argument(metavar="DATE", help="Such as 2026-11-30, or today.")],
    data: Data = DEFAULT,
) -> None:
    """Follow one clinic's day as it changes, until Ctrl-C."""
    wanted = day_named(when)
    day = Date(year=wanted.year, month=wanted.month, day=wanted.day)

    async def following(live: Live | None) -> None:
        async with acting(data, *READERS) as reader:
            here = await clinic_named(reader, clinic)
            request = rpc.WatchBoardRequest(clinic_id=here.clinic_id, day=day)
            try:
                async for now in reader.scheduling.WatchBoard(request):
                    away = board.away(await schedules_of(reader, here, wanted))
                    _draw(live, board.day(here, now.bookings, wanted, away))
            except AioRpcError as fault:
                raise typed(fault) from None

    try:
        with _screen() as live:
            run(following(live))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _screen() -> Live | nullcontext[None]:
    """One board drawn over the last; where nobody looks, one after the other."""
    if not console.is_terminal:
        return nullcontext()
    return Live(console=console, auto_refresh=False, vertical_overflow="visible")


def _draw(live: Live | None, parts: Iterable[Table | Text]) -> None:
    if live:
        live.update(Group(*parts), refresh=True)
        return
    for part in parts:
        show(part)
