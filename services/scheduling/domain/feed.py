"""iCalendar (RFC 5545): what a phone shows of bookings, and nothing of why anybody comes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_MOST_OCTETS = 75


@dataclass(frozen=True, slots=True)
class Entry:
    """One appointment of a feed."""

    session_id: str
    sequence: int
    start: datetime
    end: datetime
    summary: str
    location: str
    tentative: bool


def calendar(entries: Iterable[Entry], now: datetime) -> str:
    """A whole calendar; its lines end as the standard says and none is too long."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Halcyon//Scheduling//EN"]
    for one in entries:
        lines += _event(one, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(one: Entry, now: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{one.session_id}@halcyon.clinic",
        f"SEQUENCE:{one.sequence}",
        f"DTSTAMP:{_stamp(now)}",
        f"DTSTART:{_stamp(one.start)}",
        f"DTEND:{_stamp(one.end)}",
        f"SUMMARY:{_escaped(one.summary)}",
        f"LOCATION:{_escaped(one.location)}",
        f"STATUS:{'TENTATIVE' if one.tentative else 'CONFIRMED'}",
        "CLASS:PRIVATE",
        "END:VEVENT",
    ]


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for one in ("\\", ";", ","):
        text = text.replace(one, f"\\{one}")
    return " ".join(text.split())


def _folded(line: str) -> Iterator[str]:
    """A long line goes on after a space; no character is cut in two."""
    part = ""
    for character in line:
        if len((part + character).encode()) > _MOST_OCTETS:
            yield part
            part = " "
        part += character
    yield part
