"""`halcyon schedule arrive, miss, cancel, move`: one session, as the clinic's desk has it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.schedule import READERS, clinic_of, series_named
from clients.cli.screen import show
from clients.cli.views import visits as views
from clients.sdk import FailedPrecondition, Halcyon
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from halcyon.scheduling.v1.scheduling_pb2 import CancelReason, Series

SeriesId = Annotated[str, typer.Argument(metavar="SERIES", help="Its id, or its referral's.")]
Number = Annotated[
    int, typer.Argument(metavar="NUMBER", min=1, help="The session's number in the series.")
]
_TYPED = "%Y-%m-%dT%H:%M"
Wall = typer.Argument(
    metavar="TIME", formats=[_TYPED], help="Such as 2026-12-07T09:30, at the clinic."
)


class Reason(StrEnum):
    """Why a session is called off."""

    PATIENT = "patient"
    ILLNESS = "illness"
    EMERGENCY = "emergency"
    CLINIC = "clinic"


def arrive(series: SeriesId, number: Number, data: Data = DEFAULT) -> None:
    """Say that the patient of a session is here."""

    async def asking(desk: Halcyon, known: Series, zone: ZoneInfo) -> Series:
        request = rpc.ArriveBookingRequest(series_id=known.series_id, number=number)
        return (await desk.scheduling.ArriveBooking(request)).series

    _change(data, series, number, asking)


def miss(series: SeriesId, number: Number, data: Data = DEFAULT) -> None:
    """Say that the patient did not come; the session and the rest come later."""
    request_id = str(uuid4())

    async def asking(desk: Halcyon, known: Series, zone: ZoneInfo) -> Series:
        request = rpc.MissBookingRequest(
            series_id=known.series_id, number=number, revision=known.revision, request_id=request_id
        )
        return (await desk.scheduling.MissBooking(request)).series

    _change(data, series, number, asking)


def cancel(
    series: SeriesId,
    number: Number,
    reason: Annotated[Reason, typer.Option(help="It decides what this costs the patient.")],
    data: Data = DEFAULT,
) -> None:
    """Call one session off; it and the rest come later."""
    request_id = str(uuid4())

    async def asking(desk: Halcyon, known: Series, zone: ZoneInfo) -> Series:
        request = rpc.CancelBookingRequest(
            series_id=known.series_id,
            number=number,
            revision=known.revision,
            reason=CancelReason.Value(f"CANCEL_REASON_{reason.name}"),
            request_id=request_id,
        )
        return (await desk.scheduling.CancelBooking(request)).series

    _change(data, series, number, asking)


def move(
    series: SeriesId, number: Number, time: Annotated[datetime, Wall], data: Data = DEFAULT
) -> None:
    """Move one session; a later one that comes too close is shifted with the rest."""
    request_id = str(uuid4())

    async def asking(desk: Halcyon, known: Series, zone: ZoneInfo) -> Series:
        request = rpc.MoveBookingRequest(
            series_id=known.series_id, number=number, revision=known.revision, request_id=request_id
        )
        request.start_time.FromDatetime(time.replace(tzinfo=zone))
        try:
            return (await desk.scheduling.MoveBooking(request)).series
        except FailedPrecondition as fault:
            fault.metadata = _at_the_clinic(fault.metadata, zone)
            raise

    _change(data, series, number, asking)


def _at_the_clinic(known: dict[str, str], zone: ZoneInfo) -> dict[str, str]:
    """Times that a refusal offers, as the desk would type them."""
    return {
        name: f"{datetime.fromisoformat(value).astimezone(zone):{_TYPED}}"
        if name.startswith("next_")
        else value
        for name, value in sorted(known.items())
    }


def _change(
    data: Path,
    wanted: str,
    number: int,
    asking: Callable[[Halcyon, Series, ZoneInfo], Awaitable[Series]],
) -> None:
    """Ask for it, and show which sessions it has changed."""

    async def acted() -> tuple[Series, Series, str]:
        async with acting(data, *READERS) as desk:
            before = await series_named(desk, wanted)
            here = await clinic_of(desk, before.clinic_id)
            return before, await asking(desk, before, ZoneInfo(here.time_zone)), here.time_zone

    before, after, zone = run(acted())
    show(views.changed(before, after, number, zone))
