"""`halcyon schedule`: a clinic's day as a board, a patient's series."""

import asyncio
from datetime import date
from typing import Annotated
from uuid import UUID

import typer
from google.type.date_pb2 import Date

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import complain, show
from clients.cli.views import board, tables
from clients.network import NetworkFailed
from clients.sdk import Halcyon, NotFound
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from halcyon.scheduling.v1.scheduling_pb2 import Booking, Clinic, Schedule, Series

app = typer.Typer(help="Look at what is booked, and change it.", no_args_is_help=True)
READERS = ("coordinator", "operator")


@app.command()
def day(
    clinic: Annotated[str, typer.Argument(help="The clinic's id, or a part of its name.")],
    when: Annotated[str, typer.Argument(metavar="DATE", help="Such as 2026-11-30, or today.")],
    data: Data = DEFAULT,
) -> None:
    """Show one clinic's day: who has which room, pump and nurse when."""
    wanted = day_named(when)

    async def reading() -> tuple[Clinic, list[Booking], list[Schedule]] | None:
        async with acting(data, *READERS) as reader:
            if not (found := await clinic_called(reader, clinic)):
                return None
            schedules = await schedules_of(reader, found, wanted)
            return found, await _day(reader, found, wanted), schedules

    if not (read := run(reading())):
        complain(f"no clinic is called {clinic}")
        raise typer.Exit(1)
    here, bookings, schedules = read
    for part in board.day(here, bookings, wanted, board.away(schedules)):
        show(part)


@app.command()
def series(
    series_id: Annotated[str, typer.Argument(help="The id of the series, or of its referral.")],
    data: Data = DEFAULT,
) -> None:
    """Show the sessions of one series, and the times they once had."""

    async def reading() -> tuple[Series, str]:
        async with acting(data, *READERS) as reader:
            found = await series_named(reader, series_id)
            clinic = await reader.scheduling.GetClinic(
                rpc.GetClinicRequest(clinic_id=found.clinic_id)
            )
            return found, clinic.clinic.time_zone

    show(tables.series(*run(reading())))


def day_named(text: str) -> date:
    """A day as people type it."""
    try:
        return date.today() if text == "today" else date.fromisoformat(text)  # noqa: DTZ011
    except ValueError:
        raise typer.BadParameter("must be a date such as 2026-11-30, or today") from None


async def clinic_called(reader: Halcyon, wanted: str) -> Clinic | None:
    """By id, or the first whose name holds the words."""
    token = ""
    while True:
        request = rpc.ListClinicsRequest(page_size=200, page_token=token)
        page = await reader.scheduling.ListClinics(request)
        for one in page.clinics:
            if wanted == one.clinic_id or wanted.lower() in one.name.lower():
                return one
        if not (token := page.next_page_token):
            return None


async def clinic_named(reader: Halcyon, wanted: str) -> Clinic:
    """The same, or an error that says there is none."""
    if found := await clinic_called(reader, wanted):
        return found
    raise NetworkFailed(f"no clinic is called {wanted}")


async def clinic_of(reader: Halcyon, clinic_id: str) -> Clinic:
    """The clinic that something names."""
    return (await reader.scheduling.GetClinic(rpc.GetClinicRequest(clinic_id=clinic_id))).clinic


async def schedules_of(reader: Halcyon, clinic: Clinic, wanted: date) -> list[Schedule]:
    """The day of each resource of a clinic."""
    day = Date(year=wanted.year, month=wanted.month, day=wanted.day)
    requests = [
        rpc.GetScheduleRequest(clinic_id=clinic.clinic_id, resource_id=one.resource_id, day=day)
        for one in clinic.resources
    ]
    found = await asyncio.gather(*map(reader.scheduling.GetSchedule, requests))
    return [one.schedule for one in found]


async def _day(reader: Halcyon, clinic: Clinic, wanted: date) -> list[Booking]:
    found, token = list[Booking](), ""
    while True:
        request = rpc.ListDayRequest(
            clinic_id=clinic.clinic_id,
            day=Date(year=wanted.year, month=wanted.month, day=wanted.day),
            page_token=token,
        )
        page = await reader.scheduling.ListDay(request)
        found += page.bookings
        if not (token := page.next_page_token):
            return found


async def series_named(reader: Halcyon, wanted: str) -> Series:
    """By its id, or by that of its referral."""
    try:
        identity = str(UUID(wanted))
    except ValueError:
        raise typer.BadParameter("must be an id") from None
    try:
        request = rpc.GetSeriesRequest(series_id=identity)
        return (await reader.scheduling.GetSeries(request)).series
    except NotFound:
        request = rpc.GetSeriesRequest(referral_id=identity)
        return (await reader.scheduling.GetSeries(request)).series
