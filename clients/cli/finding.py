"""`halcyon schedule find`: the earliest times that a series could have, or what would fit."""

import re
from typing import Annotated

import typer

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.schedule import READERS, clinic_named, clinic_of
from clients.cli.screen import show
from clients.cli.views import offers as views
from clients.network import NetworkFailed
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from halcyon.scheduling.v1.scheduling_pb2 import (
    THERAPY_ASSISTED,
    THERAPY_UNSPECIFIED,
    Clinic,
    OpeningHours,
    Preferences,
)

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(rf"({'|'.join(_DAYS)}) (\d\d):([0-5]\d)-(\d\d):([0-5]\d)")


def find(
    clinic: Annotated[str, typer.Argument(help="The clinic's id, or a part of its name.")],
    weeks: Annotated[str, typer.Option(help="Sessions in each week, such as 3,2,1.")],
    gap_hours: Annotated[int, typer.Option(help="Least time from one start to the next.")],
    infusion_minutes: Annotated[int, typer.Option(help="Infusion time of each session.")],
    recovery_minutes: Annotated[int, typer.Option(help="Recovery time of each session.")],
    window: Annotated[
        list[str] | None, typer.Option(help="Only then, 'mon 09:00-12:00'; repeatable.")
    ] = None,
    kap: Annotated[bool, typer.Option("--kap", help="With a therapist.")] = False,
    data: Data = DEFAULT,
) -> None:
    """Find the earliest times for a series, or what binds and what would fit; takes nothing."""
    request = rpc.FindAvailabilityRequest(
        sessions_per_week=_weeks(weeks),
        min_gap_hours=gap_hours,
        infusion_minutes=infusion_minutes,
        recovery_minutes=recovery_minutes,
        preferences=Preferences(
            windows=map(_window, window or ()),
            therapy=THERAPY_ASSISTED if kap else THERAPY_UNSPECIFIED,
        ),
    )

    async def asking() -> tuple[rpc.FindAvailabilityResponse, Clinic, Clinic]:
        async with acting(data, *READERS) as desk:
            here = there = await clinic_named(desk, clinic)
            request.clinic_id = here.clinic_id
            found = await desk.scheduling.FindAvailability(request)
            if found.HasField("nearest_clinic"):
                there = await clinic_of(desk, found.nearest_clinic.clinic_id)
            return found, here, there

    for part in views.found(*run(asking())):
        show(part)


def _weeks(text: str) -> list[int]:
    try:
        return [int(one) for one in text.split(",")]
    except ValueError:
        raise NetworkFailed(f"no such weeks: {text}; sessions in each, such as 3,2,1") from None


def _window(text: str) -> OpeningHours:
    """Hours of one weekday as people type them."""
    if not (read := _WINDOW.fullmatch(text.lower())):
        raise NetworkFailed(f"no such window: {text}; such as 'mon 09:00-12:00'")
    day, *clock = read.groups()
    hour, minute, end_hour, end_minute = map(int, clock)
    opens, closes = hour * 60 + minute, end_hour * 60 + end_minute
    if not opens < closes <= 24 * 60:
        raise NetworkFailed(f"no such window: {text}; it ends after it begins, on the same day")
    return OpeningHours(weekday=_DAYS.index(day) + 1, open_minute=opens, close_minute=closes)
