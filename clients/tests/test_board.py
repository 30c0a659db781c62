"""A clinic's day as it is printed."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console

from clients.cli.views import board
from halcyon.scheduling.v1 import scheduling_pb2 as nouns

START = datetime(2026, 11, 30, 16, tzinfo=UTC)


def at(minutes: int) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(START + timedelta(minutes=minutes))
    return found


CLINIC = nouns.Clinic(
    name="Example",
    time_zone="America/Denver",
    opening_hours=[nouns.OpeningHours(weekday=1, open_minute=480, close_minute=720)],
    resources=[
        nouns.Resource(resource_id=name, kind=kind, label=name)
        for name, kind in (
            ("Room 1", nouns.RESOURCE_KIND_ROOM),
            ("Pump 1", nouns.RESOURCE_KIND_PUMP),
            ("Nurse 1", nouns.RESOURCE_KIND_NURSE),
        )
    ],
)
BOOKING = nouns.Booking(
    series_id="0a1b2c3d-0000", number=2, status=nouns.BOOKING_STATUS_CONFIRMED,
    start_time=at(0), infuse_time=at(15), infuse_end_time=at(60), room_end_time=at(75),
    end_time=at(120), room_id="Room 1", pump_id="Pump 1", nurse_id="Nurse 1",
)  # fmt: skip


def printed(*bookings: nouns.Booking, gone: board.Away | None = None) -> list[str]:
    console = Console(width=120, record=True, file=StringIO())
    for part in board.day(CLINIC, bookings, date(2026, 11, 30), gone or {}):
        console.print(part)
    return console.export_text().splitlines()


def line(lines: list[str], label: str) -> str:
    (found,) = (one for one in lines if one.strip().startswith(label) and "·" in one)
    return found.split()[-1]


def test_each_resource_is_taken_for_its_part_only() -> None:
    lines = printed(BOOKING)
    assert line(lines, "Room 1") == "····aAAAa·······"
    assert line(lines, "Pump 1") == "·····AAA········"
    assert line(lines, "Nurse 1") == "····aAAAaaaa····"
    assert any("08  09  10  11" in one for one in lines)
    assert any("09:15-10:00" in one and "0a1b2c3d" in one for one in lines)


def test_an_empty_day_says_so() -> None:
    lines = printed()
    assert line(lines, "Room 1") == "·" * 16
    assert "nothing is booked" in lines[-1]


def test_what_is_away_is_not_shown_as_free() -> None:
    slots = [
        nouns.Slot(start_time=at(150), end_time=at(180), status="busy-unavailable"),
        nouns.Slot(start_time=at(0), end_time=at(150), status="free"),
    ]
    gone = board.away([nouns.Schedule(resource_id="Nurse 1", slots=slots)])
    lines = printed(BOOKING, gone=gone)
    assert line(lines, "Nurse 1") == "····aAAAaaaa··××"
    assert line(lines, "Room 1") == "····aAAAa·······"
    assert any("× away" in one for one in lines)
